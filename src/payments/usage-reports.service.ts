import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import { countDead } from '../platform/dead-letters.js';
import {
  type BackOff,
  backOffMs,
  claim,
  countOpen,
  fail,
  finish,
} from '../platform/leased-work.js';
import type { Logger } from '../platform/logger.js';
import type { PaymentsService } from './payments.service.js';
import type { StripeGateway } from './stripe.gateway.js';
import * as store from './usage-reports.store.js';

export interface UsageReportsParts {
  readonly db: Database;
  readonly stripe: Pick<StripeGateway, 'report'>;
  readonly payments: Pick<PaymentsService, 'customerOf'>;
  readonly logger: Logger;
  /** Of the meter; undefined: nothing is told. */
  readonly eventName: string | undefined;
}

/** Stripe takes up to fifteen digits. */
const NANOS_MAX = 999_999_999_999_999n;
const MESSAGES_AT_ONCE = 10_000;
const REPORTS_AT_ONCE = 100;
const LEASE_MS = 60_000;
const BACK_OFF = {
  delaysMs: [5_000, 60_000, 600_000, 3_600_000],
  then: 'repeat',
} as const satisfies BackOff;
/** After this many tries that Stripe answered with an error of its own. */
const ATTEMPTS_MAX = 50;

/**
 * Mirrors usage to a meter at Stripe: for people who look there, never to decide anything. Charged runs are
 * summed by account and hour, each in exactly one report; a report is sent until Stripe has it.
 */
export class UsageReportsService {
  constructor(private readonly parts: UsageReportsParts) {}

  /** One turn: sums what is new, sends what is due. Any number of servers may. */
  async turn(): Promise<void> {
    const { db, eventName } = this.parts;
    if (eventName === undefined) return;
    while ((await store.sumUp(db, MESSAGES_AT_ONCE)) === MESSAGES_AT_ONCE);
    const due = await claim<store.UsageReport>(db, store.USAGE_REPORTS, {
      atMost: REPORTS_AT_ONCE,
      leaseMs: LEASE_MS,
    });
    for (const report of due) await this.send(report, eventName);
  }

  /** How many wait, and how many were given up. */
  async counts(): Promise<{ waiting: number; dead: number }> {
    const { db } = this.parts;
    const waiting = await countOpen(db, store.USAGE_REPORTS);
    return { waiting, dead: await countDead(db, store.DEAD_USAGE_REPORTS) };
  }

  private async send(report: store.UsageReport, eventName: string): Promise<void> {
    const { db, stripe, payments, logger } = this.parts;
    const { id, accountId, nanos, hour } = report;
    try {
      const refused =
        nanos > NANOS_MAX
          ? 'More than fifteen digits.'
          : await stripe.report({
              id,
              eventName,
              customerId: await payments.customerOf(accountId),
              nanos,
              at: hour,
            });
      if (refused === undefined) await finish(db, store.USAGE_REPORTS, [id]);
      else await this.giveUp(report, refused);
    } catch (err) {
      const isAway = err instanceof AppError && err.code === 'UPSTREAM_UNAVAILABLE';
      if (!isAway && report.attempts >= ATTEMPTS_MAX) {
        await this.giveUp(report, err instanceof Error ? err.message : String(err));
        return;
      }
      logger.warn({ err }, 'a usage report was not sent, and is sent again');
      await fail(db, store.USAGE_REPORTS, [id], {
        retryMs: backOffMs(BACK_OFF, report.attempts),
      });
    }
  }

  /** Others go on. */
  private async giveUp({ id, attempts }: store.UsageReport, reason: string): Promise<void> {
    this.parts.logger.error(
      { reportId: id, attempts, reason },
      'a usage report was given up: the meter at Stripe shows less than was used',
    );
    const failure = { error: reason, retryMs: undefined };
    await fail(this.parts.db, store.USAGE_REPORTS, [id], failure);
  }
}
