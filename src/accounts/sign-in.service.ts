import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../errors.js';
import { clientNetwork } from '../platform/client-network.js';
import { checkName } from '../platform/name.js';
import { checkEmail, plainEmail } from './account.js';
import type { Client } from './active-session.js';
import type { IdentityGateway } from './identity.gateway.js';
import type { IdentityMails } from './identity-mails.service.js';

/** Tries in ten minutes: for one address of a person, and from one address of the network. */
const TRIES = { person: 10, network: 50 } as const;
const WINDOW_S = 600;

/** Headers that say who sends a request. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly cookie: string | undefined;
}

/**
 * Signing up and in through GraphQL. Limits guessing by person and by network: who guesses at many people
 * from one place is stopped, and who guesses at one person from many, without locking that person's
 * sessions.
 */
export class SignInService {
  private readonly byPerson = new RateLimiterMemory({ points: TRIES.person, duration: WINDOW_S });
  private readonly byNetwork = new RateLimiterMemory({ points: TRIES.network, duration: WINDOW_S });

  constructor(
    private readonly identity: IdentityGateway,
    private readonly mails: Pick<IdentityMails, 'request'>,
  ) {}

  /** Answers the same for any address. */
  async signUp(from: Client, person: { email: string; name: string }): Promise<void> {
    const name = checkName(person.name);
    const email = await this.admit(from, person.email);
    await this.mails.request('sign-up', email, name);
  }

  /** @throws AppError BAD_USER_INPUT for a link that is over, or a password that is not accepted */
  confirmSignUp(token: string, password: string): Promise<void> {
    return this.identity.confirmSignUp(token, password);
  }

  async signIn(
    from: Client,
    { email, password }: { email: string; password: string },
  ): Promise<string> {
    const credentials = { email: await this.admit(from, email), password };
    try {
      const token = await this.identity.signIn(credentials, from);
      // Failures are limited, not people who share a network.
      await this.giveBack(from, email);
      return token;
    } catch (error) {
      // Nothing was learnt of the password.
      if (!(error instanceof AppError) || error.status >= 500) await this.giveBack(from, email);
      throw error;
    }
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
    await this.mails.request('magic-link', await this.admit(from, email));
  }

  async signInWithMagicLink(from: Client, token: string): Promise<string> {
    return (await this.identity.signInWithMagicLink(token, from)).token;
  }

  async requestPasswordReset(from: Client, email: string): Promise<void> {
    await this.mails.request('password-reset', await this.admit(from, email));
  }

  resetPassword(token: string, password: string): Promise<void> {
    return this.identity.resetPassword(token, password);
  }

  /** What was admitted does not count as a try. */
  private async giveBack(from: Client, email: string): Promise<void> {
    await this.byNetwork.reward(clientNetwork(from.ipAddress));
    await this.byPerson.reward(personKey(from, email));
  }

  /** @returns the address in lower case. @throws AppError RATE_LIMITED, BAD_USER_INPUT */
  private async admit({ ipAddress }: Client, email: string): Promise<string> {
    const address = checkEmail(email);
    try {
      await this.byNetwork.consume(clientNetwork(ipAddress));
      await this.byPerson.consume(personKey({ ipAddress }, email));
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const retryAfterS = Math.ceil(error.msBeforeNext / 1_000);
      throw new AppError('RATE_LIMITED', 'Too many tries. Wait before the next one.', {
        details: { retryAfterS },
      });
    }
    return address;
  }
}

function personKey({ ipAddress }: Client, email: string): string {
  return `${plainEmail(email)} ${clientNetwork(ipAddress)}`;
}
