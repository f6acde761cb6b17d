import type { CreditsService } from '../credits/index.js';
import type { NewNotification, NotificationsService } from '../notifications/index.js';
import type { Database, Transaction } from '../platform/database.js';
import type { Due, LockedPlan, Waiting } from './launches.store.js';
import * as store from './launches.store.js';
import type { WaitlistService } from './waitlist.service.js';

export interface LaunchParts {
  readonly db: Database;
  readonly notifications: Pick<NotificationsService, 'post'>;
  readonly credits: Pick<CreditsService, 'postWithin'>;
  readonly waitlist: Pick<WaitlistService, 'leaveLink'>;
  readonly publicUrl: string;
}

/** Requests that one transaction takes up. */
const AT_ONCE = 50;

/**
 * Tells those who asked for a model that it is live, and gives the first of them what was planned. A batch is
 * one transaction: its requests are marked, its notifications are stored and its credit is posted, or none of
 * it. What is sent from there on is the notifications' matter.
 */
export class LaunchesService {
  constructor(private readonly parts: LaunchParts) {}

  /** One turn; any number of servers. @returns true when more waits */
  async turn(): Promise<boolean> {
    let more = false;
    for (const due of await store.listDue(this.parts.db)) {
      const done = await this.parts.db.transaction((tx) => this.takeUp(tx, due));
      more ||= done === AT_ONCE;
    }
    return more;
  }

  private async takeUp(tx: Transaction, due: Due): Promise<number> {
    const plan = await store.lockDue(tx, due);
    if (plan === undefined) return 0;
    if (due.step === 'LAUNCH') return this.tell(tx, due, plan);
    return this.letIn(tx, due, plan);
  }

  private async letIn(tx: Transaction, due: Due, plan: LockedPlan): Promise<number> {
    const { notifications, publicUrl } = this.parts;
    const waiting = await store.lockWaiting(tx, due, Math.min(AT_ONCE, plan.earlyAccessLeft));
    const ids = waiting.map(({ id }) => id);
    await store.letIn(tx, due.modelId, ids);
    const { slug, name } = plan;
    await notifications.post(
      tx,
      waiting.map(({ id, accountId, email }) => ({
        id: `model-early-access:${id}`,
        type: 'model.early_access' as const,
        accountId: accountId ?? undefined,
        data: { model: slug, requestId: id },
        mail: mailTo(email, {
          subject: `Early access to ${name}`,
          text: `${name} is not live yet, but your account has early access. You can call it now:\n\n${publicUrl}/graphql\n\nmodel: ${slug}\n`,
        }),
      })),
    );
    return waiting.length;
  }

  private async tell(tx: Transaction, due: Due, plan: LockedPlan): Promise<number> {
    const waiting = await store.lockWaiting(tx, due, AT_ONCE);
    const withCredit = waiting
      .filter(({ accountId, isActive, isPerson }) => accountId !== null && isActive && isPerson)
      .slice(0, plan.launchCreditsLeft);
    const told = {
      ids: waiting.map(({ id }) => id),
      withCredit: withCredit.map(({ id }) => id),
      creditNanos: plan.launchCreditNanos,
    };
    await store.markTold(tx, due.modelId, told);
    const given = new Set(withCredit);
    await this.parts.notifications.post(
      tx,
      await Promise.all(waiting.map((one) => this.launchOf(plan, one, given.has(one)))),
    );
    // Last, as balances are locked from here on; in the order in which everybody locks them.
    for (const { id, accountId } of withCredit.toSorted(byAccount)) {
      if (accountId === null) continue;
      await this.parts.credits.postWithin(tx, {
        id: `launch:${id}`,
        accountId,
        kind: 'GRANT',
        nanos: plan.launchCreditNanos,
        source: 'GRANT',
        actor: 'system',
        reason: `Among the first who asked for ${plan.slug}`,
      });
    }
    return waiting.length;
  }

  private async launchOf(
    { slug, name, launchCreditNanos }: LockedPlan,
    { id, accountId, email }: Waiting,
    getsCredit: boolean,
  ): Promise<NewNotification> {
    const { publicUrl, waitlist } = this.parts;
    const credit = getsCredit
      ? `\nYour account was given ${dollars(launchCreditNanos)} of credit, as you were among the first to ask.\n`
      : '';
    const leave =
      accountId === null
        ? `\nTo hear nothing of it again:\n\n${await waitlist.leaveLink(id)}\n`
        : '';
    return {
      id: `model-live:${id}`,
      type: 'model.live',
      accountId: accountId ?? undefined,
      data: {
        model: slug,
        requestId: id,
        creditNanos: getsCredit ? launchCreditNanos.toString() : '0',
      },
      mail: mailTo(email, {
        subject: `${name} is live`,
        text: `${name}, which you requested, is live. You can call it now:\n\n${publicUrl}/graphql\n\nmodel: ${slug}\n${credit}${leave}`,
      }),
    };
  }
}

function mailTo(
  email: string | null,
  mail: { subject: string; text: string },
): NewNotification['mail'] {
  return email === null ? undefined : { to: [email], ...mail };
}

function byAccount(a: Waiting, b: Waiting): number {
  return (a.accountId ?? '') < (b.accountId ?? '') ? -1 : 1;
}

/** 1500000000 → "1.50 USD". */
function dollars(nanos: bigint): string {
  return `${(Number(nanos) / 1e9).toFixed(2)} USD`;
}
