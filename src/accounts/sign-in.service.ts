import type { Actor } from '../platform/actor.js';
import type { MailQueue } from '../platform/mail-queue.js';
import { checkName } from '../platform/name.js';
import { checkEmail } from './account.js';
import type { Client } from './active-session.js';
import { headersFrom } from './ask-library.js';
import type { IdentityGateway } from './identity.gateway.js';
import type { MailLinks } from './mail-links.gateway.js';
import type { SessionsService } from './sessions.service.js';
import type { SignInLimits } from './sign-in-limits.service.js';

/** Headers that say who sends a request. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

/** What somebody signs in with. */
export interface Credential {
  readonly email: string;
  readonly password: string;
  /** Of the second factor, where the person has one. */
  readonly code: string | undefined;
}

export interface SignInParts {
  readonly identity: IdentityGateway;
  readonly links: MailLinks;
  readonly mails: Pick<MailQueue, 'send'>;
  readonly limits: Pick<SignInLimits, 'admitMail' | 'attempt'>;
  readonly sessions: Pick<SessionsService, 'endOthers'>;
}

/** Signing up and in, through GraphQL and through the identity library's own route, within limits. */
export class SignInService {
  constructor(private readonly parts: SignInParts) {}

  /** Answers the same for any address. */
  async signUp(from: Client, person: { email: string; name: string }): Promise<void> {
    const name = checkName(person.name);
    const email = checkEmail(person.email);
    await this.parts.limits.admitMail(from, email);
    await this.parts.mails.send({ kind: 'sign-up', email, details: { name } });
  }

  /** @throws AppError BAD_USER_INPUT for a link that is over, or a password that is not accepted */
  confirmSignUp(token: string, password: string): Promise<void> {
    return this.parts.links.confirmSignUp(token, password);
  }

  /** @returns a session's token. @throws AppError UNAUTHENTICATED, RATE_LIMITED */
  signIn(from: Client, { email, ...proofs }: Credential): Promise<string> {
    const address = checkEmail(email);
    return this.parts.limits.attempt(from, address, () =>
      this.parts.identity.signIn({ email: address, ...proofs }, from),
    );
  }

  /**
   * The same by the identity library's route, which answers with a cookie.
   * @param email of the request
   * @throws AppError RATE_LIMITED
   */
  signInBrowser(from: Client, email: string, request: Request): Promise<Response> {
    return this.parts.limits.attempt(
      from,
      checkEmail(email),
      () => this.parts.identity.handle(request),
      ({ status }) => status !== 401,
    );
  }

  /**
   * Changes the password of whoever has the session, and ends their other sessions.
   * @throws AppError BAD_USER_INPUT for a password that is wrong or not accepted; RATE_LIMITED
   */
  async changePassword(
    { ipAddress, userId, sessionId }: Actor,
    { authorization, cookie }: Credentials,
    passwords: { readonly currentPassword: string; readonly newPassword: string },
  ): Promise<void> {
    const headers = headersFrom({ ipAddress });
    if (authorization !== undefined) headers.set('authorization', authorization);
    else if (cookie !== undefined) headers.set('cookie', cookie);
    await this.parts.identity.changePassword(headers, passwords);
    if (userId !== undefined) await this.parts.sessions.endOthers(userId, sessionId);
  }

  /**
   * Ends the session that the credentials are of.
   * @returns values of `set-cookie` that make a browser forget its cookies
   */
  async signOut({ authorization, cookie }: Credentials): Promise<string[]> {
    // The one that the caller was authenticated by.
    if (authorization !== undefined)
      return this.parts.identity.signOut(new Headers({ authorization }));
    if (cookie !== undefined) return this.parts.identity.signOut(new Headers({ cookie }));
    return [];
  }

  async requestMagicLink(from: Client, email: string): Promise<void> {
    await this.requestMail('magic-link', from, email);
  }

  async signInWithMagicLink(
    from: Client,
    token: string,
    code: string | undefined,
  ): Promise<string> {
    return (await this.parts.links.signInWithMagicLink(token, from, code)).token;
  }

  async requestPasswordReset(from: Client, email: string): Promise<void> {
    await this.requestMail('password-reset', from, email);
  }

  resetPassword({ ipAddress }: Client, token: string, password: string): Promise<void> {
    return this.parts.links.resetPassword(token, password, ipAddress);
  }

  private async requestMail(
    kind: 'magic-link' | 'password-reset',
    from: Client,
    email: string,
  ): Promise<void> {
    const address = checkEmail(email);
    await this.parts.limits.admitMail(from, address);
    await this.parts.mails.send({ kind, email: address });
  }
}
