import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import type { Queryable } from '../platform/database.js';
import type { SessionId, UserId } from '../platform/ids.js';
import type { AccountsService } from './accounts.service.js';
import type { IdentityGateway } from './identity.gateway.js';
import * as store from './proofs.store.js';
import type { SignInLimits } from './sign-in-limits.service.js';

export interface ProofsParts {
  readonly db: Queryable;
  readonly accounts: Pick<AccountsService, 'user'>;
  readonly identity: Pick<IdentityGateway, 'isCode' | 'isPassword'>;
  readonly limits: Pick<SignInLimits, 'attempt'>;
}

/** Proofs that the person of a session is still the one who acts: an open browser or a stolen cookie is not enough. */
export class ProofsService {
  constructor(private readonly parts: ProofsParts) {}

  /** @throws AppError FORBIDDEN that says how, unless the person has proved it within ten minutes */
  async requireRecent(sessionId: SessionId): Promise<void> {
    const proof = await store.findProof(this.parts.db, sessionId);
    if (proof === undefined || proof.isRecent) return;
    const { hasPassword, hasSecondFactor } = proof;
    const [how, stepUp] = hasSecondFactor
      ? ['confirmIdentity with `code`, then repeat this', 'CODE']
      : hasPassword
        ? ['confirmIdentity with `password`, then repeat this', 'PASSWORD']
        : ['sign in again, then repeat this', 'SIGN_IN'];
    throw new AppError(
      'FORBIDDEN',
      `Confirm your identity: ${how}. A confirmation is valid for ${String(store.RECENT_MINUTES)} minutes.`,
      { details: { stepUp } },
    );
  }

  /**
   * Takes a proof: the code of somebody who has a second factor, and the password of anybody else.
   * @param credentials headers of the session
   * @throws AppError BAD_USER_INPUT when the one that is needed is missing, FORBIDDEN when it is wrong, RATE_LIMITED
   */
  async confirm(
    { sessionId, ipAddress }: Pick<Actor, 'ipAddress' | 'sessionId'>,
    userId: UserId,
    credentials: Headers,
    given: { readonly password: string | undefined; readonly code: string | undefined },
  ): Promise<void> {
    const { db, accounts, identity, limits } = this.parts;
    const proof = sessionId && (await store.findProof(db, sessionId));
    if (sessionId === undefined || proof === undefined) {
      throw new AppError('FORBIDDEN', 'Only sessions can confirm an identity; API keys cannot.');
    }
    const { password, code } = given;
    if (proof.hasSecondFactor) {
      if (code === undefined) throw missing('code', 'A second factor is set up: send `code`.');
      // The session is marked where the code is accepted.
      if (!(await identity.isCode(credentials, code))) throw wrong('code');
      return;
    }
    if (password === undefined) throw missing('password', 'Send `password`.');
    const { email } = await accounts.user(userId);
    const isRight = await limits.attempt(
      { ipAddress },
      email,
      () => identity.isPassword(userId, password),
      (is) => is,
    );
    if (!isRight) throw wrong('password');
    await store.markConfirmed(db, sessionId);
  }

  /** The person of a session has shown a second factor. */
  markSecondFactor(sessionId: SessionId): Promise<void> {
    return store.markSecondFactor(this.parts.db, sessionId);
  }

  /** A second factor of the person was removed. */
  secondFactorRemoved(userId: UserId): Promise<void> {
    return store.forgetSecondFactor(this.parts.db, userId);
  }
}

function missing(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}

function wrong(argument: string): AppError {
  return new AppError('FORBIDDEN', `The ${argument} is incorrect.`, { details: { argument } });
}
