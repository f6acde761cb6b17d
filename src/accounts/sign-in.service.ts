import { checkName } from '../platform/name.js';
import { checkEmail } from './account.js';
import type { Client } from './active-session.js';
import type { IdentityGateway } from './identity.gateway.js';
import type { IdentityMails } from './identity-mails.service.js';
import type { MailLinks } from './mail-links.gateway.js';
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

/** Signing up and in, through GraphQL and through the identity library's own route, within limits. */
export class SignInService {
  constructor(
    private readonly identity: IdentityGateway,
    private readonly links: MailLinks,
    private readonly mails: Pick<IdentityMails, 'request'>,
    private readonly limits: Pick<SignInLimits, 'admitMail' | 'attempt'>,
  ) {}

  /** Answers the same for any address. */
  async signUp(from: Client, person: { email: string; name: string }): Promise<void> {
    const name = checkName(person.name);
    const email = checkEmail(person.email);
    await this.limits.admitMail(from, email);
    await this.mails.request('sign-up', email, name);
  }

  /** @throws AppError BAD_USER_INPUT for a link that is over, or a password that is not accepted */
  confirmSignUp(token: string, password: string): Promise<void> {
    return this.links.confirmSignUp(token, password);
  }

  /** @returns a session's token. @throws AppError UNAUTHENTICATED, RATE_LIMITED */
  signIn(from: Client, { email, ...proofs }: Credential): Promise<string> {
    const address = checkEmail(email);
    return this.limits.attempt(from, address, () =>
      this.identity.signIn({ email: address, ...proofs }, from),
    );
  }

  /**
   * The same by the identity library's route, which answers with a cookie.
   * @param email of the request
   * @throws AppError RATE_LIMITED
   */
  signInBrowser(from: Client, email: string, request: Request): Promise<Response> {
    return this.limits.attempt(
      from,
      checkEmail(email),
      () => this.identity.handle(request),
      ({ status }) => status !== 401,
    );
  }

  /**
   * Ends the session that the credentials are of.
   * @returns values of `set-cookie` that make a browser forget its cookies
   */
  async signOut({ authorization, cookie }: Credentials): Promise<string[]> {
    // The one that the caller was authenticated by.
    if (authorization !== undefined) return this.identity.signOut(new Headers({ authorization }));
    if (cookie !== undefined) return this.identity.signOut(new Headers({ cookie }));
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
    return (await this.links.signInWithMagicLink(token, from, code)).token;
  }

  async requestPasswordReset(from: Client, email: string): Promise<void> {
    await this.requestMail('password-reset', from, email);
  }

  resetPassword({ ipAddress }: Client, token: string, password: string): Promise<void> {
    return this.links.resetPassword(token, password, ipAddress);
  }

  private async requestMail(
    kind: 'magic-link' | 'password-reset',
    from: Client,
    email: string,
  ): Promise<void> {
    const address = checkEmail(email);
    await this.limits.admitMail(from, address);
    await this.mails.request(kind, address);
  }
}
