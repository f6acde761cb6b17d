import { createHash, randomBytes } from 'node:crypto';
import type { UserId } from '../platform/ids.js';
import type { Client } from './active-session.js';
import { askLibrary, headersFrom, linkOver } from './ask-library.js';
import { type Auth, type IdentityOptions, MAIL_LINK_S, mailLink } from './better-auth.gateway.js';
import { knownAddressMail, passwordResetMail, signUpMail } from './identity-mail.js';
import { checkPassword } from './password.js';
import {
  challenge,
  secondFactorNeeded,
  type SignedIn,
  verifyCode,
} from './second-factor.gateway.js';

/** How long a link that confirms an address works. */
const SIGN_UP_LINK_S = 24 * 3_600;

/** What is kept of a sign-up until the address is confirmed. */
interface PendingSignUp {
  readonly email: string;
  readonly name: string;
}

/** Links in mails that lead to an account: each works once, for a while, until a newer one of its kind. */
export class MailLinks {
  constructor(
    private readonly auth: Auth,
    private readonly options: Pick<IdentityOptions, 'mailer' | 'onAct' | 'publicUrl'>,
  ) {}

  /**
   * Mails a link with which the owner of the address confirms it and chooses a password: nobody else can have chosen
   * one before. A person who has an account is told so instead.
   */
  async sendSignUpLink({ email, name }: { email: string; name: string }): Promise<void> {
    const { internalAdapter } = await this.auth.$context;
    const known = await internalAdapter.findUserByEmail(email);
    if (known?.user.emailVerified === true) {
      await this.options.mailer.send({ to: email, ...knownAddressMail(this.options.publicUrl) });
      return;
    }
    const value = JSON.stringify({ email, name } satisfies PendingSignUp);
    const token = await this.createLinkToken('sign-up', value, SIGN_UP_LINK_S);
    const link = mailLink(this.options.publicUrl, 'verify-email', token);
    await this.options.mailer.send({ to: email, ...signUpMail(link) });
  }

  /**
   * The owner of the address becomes a person, with this password.
   * @throws AppError BAD_USER_INPUT for a link that was used, has expired, was replaced by a newer one or was never
   *   sent; and for a password that is not accepted, after which the link still works
   */
  async confirmSignUp(token: string, password: string): Promise<void> {
    const { internalAdapter, password: passwords } = await this.auth.$context;
    const identifier = `sign-up:${token}`;
    const pending = await internalAdapter.findVerificationValue(identifier);
    if (pending === null) throw linkOver();
    const { email, name } = JSON.parse(pending.value) as PendingSignUp;
    checkPassword(password, { email, name });
    const hash = await passwords.hash(password);
    if ((await internalAdapter.consumeVerificationValue(identifier)) === null) throw linkOver();
    const known = await internalAdapter.findUserByEmail(email);
    // Confirmed in another way since: a password is set by a link for that then.
    if (known?.user.emailVerified === true) throw linkOver();
    if (known === null) {
      const source = { method: 'email-password' } as const;
      const user = await internalAdapter.createUser({ email, name, emailVerified: true }, source);
      await this.setPassword(user.id, hash);
      return;
    }
    // From before addresses were confirmed first, or from a provider that did not vouch for it: whatever leads to this
    // person was set up by somebody who did not show that the address is theirs.
    await internalAdapter.deleteAccounts(known.user.id);
    await internalAdapter.deleteUserSessions(known.user.id);
    await this.setPassword(known.user.id, hash);
    await internalAdapter.updateUser(known.user.id, { emailVerified: true });
    await this.options.onAct(known.user.id as UserId, 'user.email-verified', undefined);
  }

  async sendMagicLink(email: string): Promise<void> {
    await askLibrary(() =>
      this.auth.api.signInMagicLink({ body: { email }, headers: new Headers() }),
    );
  }

  /**
   * Somebody who has a second factor shows it as well: who reads their mail has only the link.
   * @throws AppError BAD_USER_INPUT for a link that is over; UNAUTHENTICATED for a code that is missing or wrong, after
   *   which the link still works
   */
  async signInWithMagicLink(
    token: string,
    client: Client,
    code: string | undefined,
  ): Promise<SignedIn> {
    const { internalAdapter } = await this.auth.$context;
    const headers = headersFrom(client);
    // As the library looks for it.
    const identifier = `magic-link:${createHash('sha256').update(token).digest('base64url')}`;
    const pending = await internalAdapter.findVerificationValue(identifier);
    const { email = '' } = JSON.parse(pending?.value ?? '{}') as { email?: string };
    const known = await internalAdapter.findUserByEmail(email);
    if ((known?.user as { twoFactorEnabled?: boolean } | undefined)?.twoFactorEnabled === true) {
      if (code === undefined) throw secondFactorNeeded();
      headers.set('cookie', await challenge(this.auth, known?.user.id ?? ''));
      const signedIn = await verifyCode(this.auth, headers, code);
      if ((await internalAdapter.consumeVerificationValue(identifier)) !== null) return signedIn;
      await internalAdapter.deleteSession(signedIn.token);
      throw linkOver();
    }
    const answer = await askLibrary(() =>
      this.auth.api.magicLinkVerify({ query: { token }, headers, returnHeaders: true }),
    );
    return { token: answer.response.token, cookies: answer.headers.getSetCookie() };
  }

  /** Mails nothing where nobody has the address. */
  async sendPasswordResetLink(email: string): Promise<void> {
    const { internalAdapter } = await this.auth.$context;
    const known = await internalAdapter.findUserByEmail(email);
    if (known === null) return;
    const token = await this.createLinkToken('reset-password', known.user.id, MAIL_LINK_S);
    const link = mailLink(this.options.publicUrl, 'reset-password', token);
    await this.options.mailer.send({ to: email, ...passwordResetMail(link) });
  }

  /** Ends all of the person's sessions. @throws AppError BAD_USER_INPUT */
  async resetPassword(token: string, newPassword: string, ipAddress: string): Promise<void> {
    const { internalAdapter } = await this.auth.$context;
    const link = await internalAdapter.findVerificationValue(`reset-password:${token}`);
    const user = link === null ? null : await internalAdapter.findUserById(link.value);
    if (user === null) throw linkOver();
    checkPassword(newPassword, user);
    await askLibrary(() => this.auth.api.resetPassword({ body: { token, newPassword } }));
    await this.options.onAct(user.id as UserId, 'user.password-reset', ipAddress);
  }

  /** @param purpose as the library looks for it */
  private async createLinkToken(purpose: string, value: string, lifeS: number): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const { internalAdapter } = await this.auth.$context;
    await internalAdapter.createVerificationValue({
      identifier: `${purpose}:${token}`,
      value,
      // eslint-disable-next-line no-restricted-syntax -- The library compares it with this server's clock, as all it stores.
      expiresAt: new Date(Date.now() + lifeS * 1_000),
    });
    return token;
  }

  private async setPassword(userId: string, password: string): Promise<void> {
    const { internalAdapter } = await this.auth.$context;
    const providerId = 'credential';
    await internalAdapter.linkAccount({ userId, providerId, accountId: userId, password });
  }
}
