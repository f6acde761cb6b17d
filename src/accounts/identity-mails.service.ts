import type { Queryable } from '../platform/database.js';
import { newId } from '../platform/ids.js';
import { type BackOff, backOffMs, claim, fail, finish } from '../platform/leased-work.js';
import type { Logger } from '../platform/logger.js';
import * as store from './identity-mails.store.js';
import type { MailLinks } from './mail-links.gateway.js';

export interface IdentityMailsParts {
  readonly db: Queryable;
  readonly links: Pick<MailLinks, 'sendMagicLink' | 'sendPasswordResetLink' | 'sendSignUpLink'>;
  readonly logger: Logger;
}

const AT_ONCE = 8;
/** Longer than the mailer tries. */
const LEASE_MS = 60_000;
/** After the last attempt the mail is dropped: its reader has long asked again. */
const BACK_OFF = {
  delaysMs: [2_000, 10_000, 60_000, 300_000, 900_000],
  then: 'dead',
} as const satisfies BackOff;

/**
 * Mails that lead to an account. A request only writes down who wants what. Whether somebody has the address is looked
 * up when the mail is sent, so that a caller cannot tell by the time that the answer takes; and a link is made only
 * then, so that none is stored.
 */
export class IdentityMails {
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(private readonly parts: IdentityMailsParts) {}

  /** Takes the same time for any address. @throws AppError UPSTREAM_UNAVAILABLE */
  async request(kind: store.IdentityMailKind, email: string, name?: string): Promise<void> {
    await store.requestMail(this.parts.db, { id: newId('mail'), kind, email, name: name ?? null });
    this.runNow();
  }

  /** Sends what is due, on any number of servers. @returns true when more may wait */
  async runOnce(): Promise<boolean> {
    const claimed = await claim<store.ClaimedMail>(this.parts.db, store.IDENTITY_MAIL_REQUESTS, {
      atMost: AT_ONCE,
      leaseMs: LEASE_MS,
    });
    await Promise.all(claimed.map((mail) => this.deliver(mail)));
    return claimed.length === AT_ONCE;
  }

  /** Resolves when what is being sent has been. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  /** Does not wait for the background's next turn: somebody looks into a mailbox. */
  private runNow(): void {
    this.again = true;
    this.running ??= this.run()
      .catch((err: unknown) => {
        this.parts.logger.warn({ err }, 'mails that were asked for are sent later');
      })
      .finally(() => {
        this.running = undefined;
      });
  }

  private async run(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      if (await this.runOnce()) this.again = true;
    }
  }

  private async deliver(mail: store.ClaimedMail): Promise<void> {
    const { db, logger } = this.parts;
    const { id, attempts } = mail;
    try {
      await this.send(mail);
      await finish(db, store.IDENTITY_MAIL_REQUESTS, [id]);
    } catch (err) {
      const retryMs = backOffMs(BACK_OFF, attempts);
      const outcome = retryMs === undefined ? 'dropped' : 'tried again later';
      logger.warn({ err, attempts, type: mail.kind }, `a mail could not be sent and is ${outcome}`);
      await fail(db, store.IDENTITY_MAIL_REQUESTS, [id], { retryMs });
    }
  }

  private send({ kind, email, name }: store.ClaimedMail): Promise<void> {
    const { links } = this.parts;
    if (kind === 'sign-up') return links.sendSignUpLink({ email, name: name ?? '' });
    if (kind === 'magic-link') return links.sendMagicLink(email);
    return links.sendPasswordResetLink(email);
  }
}
