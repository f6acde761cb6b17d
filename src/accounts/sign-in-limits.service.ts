import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { AppError } from '../errors.js';
import { clientNetwork } from '../platform/client-network.js';
import type { Queryable } from '../platform/database.js';
import type { UserId } from '../platform/ids.js';
import type { RateCounter } from '../platform/rate-counter.js';
import { plainEmail } from './account.js';
import type { Client } from './active-session.js';
import { isKnownNetwork } from './known-devices.store.js';
import * as attempts from './sign-in-attempts.store.js';

/** Failed sign-ins in ten minutes: from a network, and from a network as one person. */
const FAILURES = { network: 50, personAndNetwork: 10 } as const;
const FAILURES_S = 600;

/** Mails that are asked for in an hour: from a network, and to a mailbox. */
const MAILS = { network: 100, mailbox: 10 } as const;

const PRUNED_AT_ONCE = 1_000;

/**
 * Limits guessing and mailing. Guesses at one person are counted together wherever they come from, but delay nobody who
 * comes from a network on which the person has signed in before, and never the links in mails: an attacker cannot keep
 * a person out. Networks are IPv4 addresses and IPv6 /64.
 */
export class SignInLimits {
  private readonly byNetwork = new RateLimiterMemory({
    points: FAILURES.network,
    duration: FAILURES_S,
  });
  private readonly byPersonAndNetwork = new RateLimiterMemory({
    points: FAILURES.personAndNetwork,
    duration: FAILURES_S,
  });

  /**
   * @param mails counts for an hour
   * @param onFailure told of each attempt that was made and failed
   */
  constructor(
    private readonly db: Queryable,
    private readonly mails: RateCounter,
    private readonly onFailure: (email: string, ipAddress: string) => Promise<void>,
  ) {}

  /**
   * Makes an attempt to sign in, if there were not too many. It counts before it is made; one that succeeds does not.
   * @param email in lower case
   * @throws AppError RATE_LIMITED, with the seconds to wait
   */
  async attempt<Result>(
    { ipAddress }: Pick<Client, 'ipAddress'>,
    email: string,
    signIn: () => Promise<Result>,
    isSuccess: (result: Result) => boolean = () => true,
  ): Promise<Result> {
    const network = clientNetwork(ipAddress);
    const person = createHash('sha256').update(plainEmail(email)).digest('hex');
    const there = `${person} ${network}`;
    await consume(this.byNetwork, network, 'Too many failed sign-ins came from your network.');
    await consume(
      this.byPersonAndNetwork,
      there,
      'Too many failed attempts to sign in as this person came from your network.',
    );
    const isKnown = await isKnownNetwork(this.db, email, network);
    if (!isKnown) await this.delay(person);
    const forgive = async () => {
      await this.byNetwork.reward(network);
      await this.byPersonAndNetwork.reward(there);
      if (!isKnown) await attempts.forgiveAttempt(this.db, person);
    };
    try {
      const result = await signIn();
      if (isSuccess(result)) await forgive();
      else await this.onFailure(email, ipAddress);
      return result;
    } catch (error) {
      // Nothing was learnt of the password, or it was right: the next attempt brings a code, which is counted for itself.
      const isFailure = error instanceof AppError && error.status < 500;
      if (!isFailure || error.details?.secondFactor === true) await forgive();
      else if (error.code === 'UNAUTHENTICATED') await this.onFailure(email, ipAddress);
      throw error;
    }
  }

  /**
   * Counts a code of somebody's second factor, before it is looked at: six digits are soon guessed. Wherever it comes
   * from, as whoever sends one knows the password, or has the session.
   * @throws AppError RATE_LIMITED
   */
  async admitCode(userId: UserId): Promise<void> {
    const waitS = await attempts.countAttempt(this.db, codeKey(userId));
    if (waitS > 0) throw rateLimited('There were too many codes that are not right.', waitS);
  }

  /** The code was right. */
  forgiveCode(userId: UserId): Promise<void> {
    return attempts.forgiveAttempt(this.db, codeKey(userId));
  }

  /**
   * Counts a password that is sent in a session, before it is looked at. Wherever it comes from, as whoever guesses has
   * stolen the session.
   * @throws AppError RATE_LIMITED
   */
  async admitPassword(userId: UserId): Promise<void> {
    const waitS = await attempts.countAttempt(this.db, passwordKey(userId));
    if (waitS > 0) throw rateLimited('There were too many passwords that are not right.', waitS);
  }

  /** The password was right, or was not looked at. */
  forgivePassword(userId: UserId): Promise<void> {
    return attempts.forgiveAttempt(this.db, passwordKey(userId));
  }

  /**
   * Counts a mail that somebody without a session asks for.
   * @throws AppError RATE_LIMITED, the same whether anybody has the address
   */
  async admitMail({ ipAddress }: Pick<Client, 'ipAddress'>, email: string): Promise<void> {
    const network = clientNetwork(ipAddress);
    await this.budget(
      `identity-mail:from:${network}`,
      MAILS.network,
      'Too many mails were asked for from your network.',
    );
    await this.budget(
      `identity-mail:to:${plainEmail(email)}`,
      MAILS.mailbox,
      'Too many mails were asked for to this address. The newest link in its mailbox still works.',
    );
  }

  /** @returns true when more are left */
  async prune(): Promise<boolean> {
    return (await attempts.deleteOldAttempts(this.db, PRUNED_AT_ONCE)) === PRUNED_AT_ONCE;
  }

  private async delay(person: string): Promise<void> {
    const waitS = await attempts.countAttempt(this.db, person);
    if (waitS === 0) return;
    throw rateLimited(
      'There were too many failed attempts to sign in as this person. Sign in by a link in a mail, or where you have signed in before.',
      waitS,
    );
  }

  private async budget(who: string, max: number, message: string): Promise<void> {
    const { count, msBeforeNext } = await this.mails.count(who);
    if (count > max) throw rateLimited(message, Math.ceil(msBeforeNext / 1_000));
  }
}

function codeKey(userId: UserId): string {
  return createHash('sha256').update(`code:${userId}`).digest('hex');
}

function passwordKey(userId: UserId): string {
  return createHash('sha256').update(`password:${userId}`).digest('hex');
}

async function consume(limiter: RateLimiterMemory, key: string, message: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw rateLimited(message, Math.ceil(error.msBeforeNext / 1_000));
  }
}

function rateLimited(message: string, retryAfterS: number): AppError {
  return new AppError('RATE_LIMITED', `${message} Wait ${String(retryAfterS)} s.`, {
    details: { retryAfterS },
  });
}
