import type { ContactsService } from '../accounts/index.js';
import type { Database, Transaction } from '../platform/database.js';
import type { WebhookEndpointId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import type { Mailer } from '../platform/mailer.js';
import { insertAuditEvent } from '../platform/audit.store.js';
import * as store from './deliveries.store.js';
import { type ClaimedDelivery, type Outcome, retryS } from './delivery.js';
import * as endpoints from './webhook-endpoints.store.js';
import { type NewNotification, webhookBody } from './notification.js';
import type { WebhookGateway } from './webhook.gateway.js';

export interface DeliveryWorkerParts {
  readonly db: Database;
  readonly webhooks: Pick<WebhookGateway, 'send'>;
  readonly mailer: Mailer;
  readonly post: (tx: Transaction, notifications: readonly NewNotification[]) => Promise<number>;
  readonly contacts: Pick<ContactsService, 'addresses'>;
  readonly logger: Logger;
}

/** Deliveries in hand at once in this process; each waits for somebody else nearly all of its time. */
const AT_ONCE = 64;
const FAILING_AT_ONCE = 24;
const PER_QUEUE = 4;
const MAILS_AT_ONCE = 8;
/** Longer than an attempt: a webhook is given up after 10 s, a mail after some 25. */
const LEASE_MS = 120_000;
/** A turn waits no longer for what it has begun: what is due in the meantime is not held up by it. */
const TURN_MS = 1_000;
/** An endpoint that has failed for so long is switched off. */
const FAILING_DAYS_MAX = 3;
const GONE = 410;

/** Delivers what waits, on any number of servers. */
export class DeliveryWorker {
  private readonly inHand = new Set<Promise<void>>();
  private failingInHand = 0;
  private readonly stopping = new AbortController();

  constructor(private readonly parts: DeliveryWorkerParts) {}

  /** Begins what is due, as far as there is room, and waits for it a little. @returns true when more waits */
  async turn(): Promise<boolean> {
    const all = AT_ONCE - this.inHand.size;
    if (all <= 0 || this.stopping.signal.aborted) {
      await this.pause();
      return false;
    }
    const places = {
      all,
      failing: Math.max(0, FAILING_AT_ONCE - this.failingInHand),
      perQueue: PER_QUEUE,
      mails: MAILS_AT_ONCE,
    };
    const claimed = await store.claimDeliveries(this.parts.db, places, LEASE_MS);
    for (const delivery of claimed) this.begin(delivery);
    await this.pause();
    return claimed.length > 0;
  }

  /** Cuts short what is in hand and puts it back; resolves when nothing is. */
  async stop(): Promise<void> {
    this.stopping.abort(new Error('stopping'));
    await Promise.all(this.inHand);
  }

  private begin(delivery: ClaimedDelivery): void {
    const failing = delivery.webhook?.failing === true;
    if (failing) this.failingInHand += 1;
    const work = this.deliver(delivery)
      .catch((err: unknown) => {
        // Its lease brings it again.
        this.parts.logger.warn({ err, deliveryId: delivery.id }, 'a delivery could not be marked');
      })
      .finally(() => {
        this.inHand.delete(work);
        if (failing) this.failingInHand -= 1;
      });
    this.inHand.add(work);
  }

  /** Until all in hand is done, or for a second. */
  private async pause(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, TURN_MS);
    });
    await Promise.race([Promise.all(this.inHand), enough]);
    clearTimeout(timer);
  }

  private async deliver(delivery: ClaimedDelivery): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.attempt(delivery);
    } catch (error) {
      if (!this.stopping.signal.aborted) throw error;
      await store.releaseDelivery(this.parts.db, delivery);
      return;
    }
    await this.parts.db.transaction((tx) => this.mark(tx, delivery, outcome));
  }

  private attempt({ id, webhook, mail, ...delivery }: ClaimedDelivery): Promise<Outcome> {
    if (mail !== null) return this.mail({ id, ...mail });
    if (webhook?.enabled !== true) {
      return Promise.resolve({ delivered: false, durationMs: 0, error: 'The endpoint is off.' });
    }
    const message = {
      id: delivery.notificationId,
      body: webhookBody({ ...delivery, createdAt: new Date(delivery.createdAt) }),
      secrets: webhook.secrets,
      sentAt: delivery.attemptedAt,
    };
    return this.parts.webhooks.send(webhook.url, message, this.stopping.signal);
  }

  private async mail(mail: Parameters<Mailer['send']>[0]): Promise<Outcome> {
    const startedAt = performance.now();
    const since = () => performance.now() - startedAt;
    try {
      await this.parts.mailer.send(mail);
      return { delivered: true, durationMs: since() };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { delivered: false, durationMs: since(), error: message };
    }
  }

  /** What came of an attempt, and what follows from it for the endpoint, in one transaction. */
  private async mark(tx: Transaction, delivery: ClaimedDelivery, outcome: Outcome): Promise<void> {
    const off = delivery.webhook?.enabled === false || outcome.responseCode === GONE;
    const nextS = off ? undefined : retryS(delivery.attempts, outcome.retryAfterS);
    if (!(await store.markAttempt(tx, delivery, outcome, nextS)) || delivery.webhook === null)
      return;
    const id = delivery.queue as WebhookEndpointId;
    if (outcome.delivered) {
      if (delivery.webhook.failing) await endpoints.markWorking(tx, id);
      return;
    }
    if (!delivery.webhook.enabled) return;
    const failedTooLong = await endpoints.markFailing(tx, id, FAILING_DAYS_MAX);
    if (outcome.responseCode === GONE) await this.disable(tx, id, 'It answered 410 Gone.');
    else if (failedTooLong) {
      const reason = `Nothing arrived there for ${String(FAILING_DAYS_MAX)} days.`;
      await this.disable(tx, id, `${reason} The last failure: ${outcome.error ?? 'unknown'}`);
    }
  }

  /** Once, whoever finds out; its owners are told by mail. */
  private async disable(tx: Transaction, id: WebhookEndpointId, reason: string): Promise<void> {
    const endpoint = await endpoints.disableEndpoint(tx, id, reason);
    if (endpoint === undefined) return;
    await store.buryDeliveries(tx, id, 'The endpoint was switched off.');
    const { accountId, url, disabledCount } = endpoint;
    const details = { reason: reason.slice(0, 200) };
    const actor = {};
    const action = 'webhook.disabled';
    await insertAuditEvent(tx, { actor, accountId, action, target: id, details });
    await this.parts.post(tx, [
      {
        id: `webhook-disabled:${id}:${String(disabledCount)}`,
        type: 'webhook.disabled',
        accountId,
        data: { endpointId: id, url, reason },
        mail: {
          to: await this.parts.contacts.addresses(tx, accountId),
          subject: 'A webhook endpoint was disabled',
          text: [
            'We no longer send webhooks to this endpoint of your account:',
            url,
            '',
            reason,
            '',
            'Once it works again, enable it (updateWebhookEndpoint) and replay the missed deliveries',
            '(replayFailedWebhookDeliveries).',
          ].join('\n'),
        },
      },
    ]);
  }
}
