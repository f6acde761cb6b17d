import { AppError } from '../errors.js';
import { type Actor, anonymous, type Scope } from '../platform/actor.js';
import type { Queryable } from '../platform/database.js';
import type { UserId } from '../platform/ids.js';
import { SCOPES_OF_ROLE, standingOf, type User } from './account.js';
import * as store from './accounts.store.js';

/** What people may do in their sessions. */
export class MembersRights {
  constructor(private readonly db: Queryable) {}

  /**
   * What a signed-in person is on an account.
   * @param wanted the account that the request names; the personal one by default
   * @throws AppError FORBIDDEN when the person does not belong to it, or it requires a second factor that their session
   *   has not shown
   */
  async actorOf(
    { userId, hasSecondFactor }: { userId: UserId; hasSecondFactor: boolean },
    wanted: string | undefined,
    ipAddress: string,
  ): Promise<Actor> {
    const [user, accounts] = await Promise.all([
      store.findUser(this.db, userId),
      store.listAccounts(this.db, userId),
    ]);
    const account = wanted === undefined ? accounts[0] : accounts.find(({ id }) => id === wanted);
    if (user !== undefined && wanted === undefined && account === undefined) {
      return this.withoutAccount(user, ipAddress);
    }
    if (user === undefined || account === undefined) throw notMember();
    if (account.standing.secondFactorRequired && !hasSecondFactor) throw secondFactorRequired();
    const scopes = new Set<Scope>(['public', 'session', ...SCOPES_OF_ROLE[account.role]]);
    if (user.operator) scopes.add('operator');
    return {
      accountId: account.id,
      userId,
      keyId: undefined,
      scopes,
      models: undefined,
      ratePerMinute: undefined,
      ipAddress,
      ...standingOf(account.standing),
    };
  }

  /** Somebody whose only account is closed can still have their data, be erased, and begin anew. */
  private async withoutAccount({ id: userId, operator }: User, ipAddress: string): Promise<Actor> {
    const accountId = await store.findClosedAccount(this.db, userId);
    if (accountId === undefined) throw notMember();
    const scopes = new Set<Scope>([
      'public',
      'session',
      ...(operator ? ['operator' as const] : []),
    ]);
    return { ...anonymous(ipAddress), accountId, userId, scopes };
  }
}

function notMember(): AppError {
  return new AppError('FORBIDDEN', 'You do not belong to this account.');
}

function secondFactorRequired(): AppError {
  return new AppError(
    'FORBIDDEN',
    'This account requires a second factor. Set one up at /api/auth/two-factor/enable; if you have one, sign in with it, or send its code to confirmIdentity on your personal account.',
    { details: { secondFactorRequired: true } },
  );
}
