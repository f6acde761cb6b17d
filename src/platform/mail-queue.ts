import type { Queryable } from './database.js';
import { newId } from './ids.js';
import { type BackOff, backOffMs, claim, fail, finish } from './leased-work.js';
import type { Logger } from './logger.js';
import * as store from './mail-queue.store.js';

/** Creates the link and sends the mail, or sends nothing where the mail has become pointless. */
export type SendQueuedMail = (mail: store.QueuedMail) => Promise<void>;
export type MailSenders = Readonly<Record<store.MailKind, SendQueuedMail>>;

export interface MailQueueParts {
  readonly db: Queryable;
  /** A function, as the domains that send mails are built on the queue. */
  readonly senders: () => MailSenders;
  readonly logger: Logger;
}

type NewMail = Pick<store.QueuedMail, 'email' | 'kind'> &
  Partial<Pick<store.QueuedMail, 'about' | 'details'>>;

const AT_ONCE = 8;
/** Longer than the mailer tries. */
const LEASE_MS = 60_000;

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** After the last attempt the mail is dropped: its reader has long asked again. */
const SHORT = {
  delaysMs: [2_000, 10_000, MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS],
  then: 'dead',
} as const satisfies BackOff;
/** For readers who do not know that a mail is on its way: about two days. */
const LONG = {
  delaysMs: [...SHORT.delaysMs, HOUR_MS, 4 * HOUR_MS, 16 * HOUR_MS, 24 * HOUR_MS],
  then: 'dead',
} as const satisfies BackOff;
const BACK_OFF: Readonly<Record<store.MailKind, BackOff>> = {
  'sign-up': SHORT,
  'magic-link': SHORT,
  'password-reset': SHORT,
  invitation: LONG,
  waitlist: LONG,
};

/**
 * Mails that a request asks for. The request only stores what is wanted, so that its answer takes as long for any
 * address, does not wait for the mail server, and a crash loses nothing. Whether somebody has the address is looked up
 * when the mail is sent, and its link is created only then, so that none is stored.
 */
export class MailQueue {
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(private readonly parts: MailQueueParts) {}

  /** Stores a mail and starts to send it. @throws AppError UPSTREAM_UNAVAILABLE */
  async send(mail: NewMail): Promise<void> {
    await this.add(this.parts.db, mail);
    this.runNow();
  }

  /** Stores a mail, to be sent once the transaction is committed; call `runNow` then. */
  async add(db: Queryable, { about = '', details = {}, ...mail }: NewMail): Promise<void> {
    await store.insertMail(db, { id: newId('mail'), about, details, ...mail });
  }

  /** Starts to send what is due, without waiting for the next turn of the background: somebody looks into a mailbox. */
  runNow(): void {
    this.again = true;
    this.running ??= this.run()
      .catch((err: unknown) => {
        this.parts.logger.warn({ err }, 'queued mails are sent later');
      })
      .finally(() => {
        this.running = undefined;
      });
  }

  /** Sends what is due, on any number of servers. @returns true when more may wait */
  async runOnce(): Promise<boolean> {
    const claimed = await claim<store.ClaimedMail>(this.parts.db, store.QUEUED_MAILS, {
      atMost: AT_ONCE,
      leaseMs: LEASE_MS,
    });
    await Promise.all(claimed.map((mail) => this.deliver(mail)));
    return claimed.length === AT_ONCE;
  }

  /** Resolves when the mails in progress have been sent. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      if (await this.runOnce()) this.again = true;
    }
  }

  private async deliver(mail: store.ClaimedMail): Promise<void> {
    const { db, logger, senders } = this.parts;
    const { id, kind, attempts } = mail;
    try {
      await senders()[kind](mail);
      await finish(db, store.QUEUED_MAILS, [id]);
    } catch (err) {
      const retryMs = backOffMs(BACK_OFF[kind], attempts);
      const outcome = retryMs === undefined ? 'dropped' : 'tried again later';
      logger.warn({ err, attempts, type: kind }, `a mail could not be sent and is ${outcome}`);
      await fail(db, store.QUEUED_MAILS, [id], { retryMs });
    }
  }
}
