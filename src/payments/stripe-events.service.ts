import pLimit from 'p-limit';
import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import { countDead } from '../platform/dead-letters.js';
import type { PurchaseId } from '../platform/ids.js';
import {
  type BackOff,
  backOffMs,
  claim,
  countOpen,
  fail,
  finish,
} from '../platform/leased-work.js';
import type { Logger } from '../platform/logger.js';
import { readNow } from '../platform/now.store.js';
import * as customers from './customers.store.js';
import type { FulfillmentService } from './fulfillment.service.js';
import type { PaymentsService } from './payments.service.js';
import * as purchases from './purchases.store.js';
import type { DeadEvent, StripeEvent, StripeEventPayload } from './stripe-event.js';
import * as store from './stripe-events.store.js';
import { STRIPE_API_VERSION, type StripeApi } from './stripe-api.gateway.js';
import type { StripeGateway } from './stripe.gateway.js';

/** The parts of an event that count. What has happened is asked of Stripe, never read from here. */
const Event = z.object({
  id: z.string().min(1).max(255),
  object: z.literal('event'),
  type: z.string().min(1).max(255),
  api_version: z.string().nullable(),
  data: z.object({
    object: z.looseObject({
      id: z.string().max(255).optional(),
      object: z.string().max(255),
      payment_intent: z.string().max(255).nullish(),
    }),
  }),
});

/** Without the object: what Stripe sends of its newer parts, such as meters. */
const ThinEvent = z.object({
  id: z.string().min(1).max(255),
  object: z.literal('v2.core.event'),
  type: z.string().min(1).max(255),
});

/** What a person has to hear of: nothing that a program could do mends it. */
const ALERTS: Readonly<Record<string, string>> = {
  'charge.dispute.created': 'a payment is disputed: answer at Stripe, before its time is over',
  'radar.early_fraud_warning.created':
    'a bank suspects fraud: a refund now may save you the dispute (`refundPurchase`)',
  'v1.billing.meter.error_report_triggered':
    'the meter at Stripe did not count some usage that it had taken: look at its errors there',
  'v1.billing.meter.no_meter_found': 'Stripe has no meter for the event STRIPE_METER_EVENT',
};

const BACK_OFF = {
  delaysMs: [1_000, 5_000, 30_000, 120_000, 600_000, 3_600_000, 21_600_000],
  then: 'dead',
} as const satisfies BackOff;
/** While Stripe or the database is away, nothing is given up. */
const OUTAGE_RETRY_MS = 60_000;
/** A process that has an event in hand and dies leaves it to others after this. */
const LEASE_MS = 60_000;
const AT_ONCE = 50;
const IN_PARALLEL = 4;

export interface StripeEventsParts {
  readonly db: Database;
  readonly api: Pick<StripeApi, 'verifySignature'>;
  readonly stripe: Pick<StripeGateway, 'purchaseOf' | 'purchaseOfSession'>;
  readonly fulfillment: FulfillmentService;
  readonly payments: Pick<PaymentsService, 'adoptCard'>;
  readonly logger: Logger;
}

/** The inbox of what Stripe tells: stored before it is answered, handled after, until it is done. */
export class StripeEventsService {
  constructor(private readonly parts: StripeEventsParts) {}

  /**
   * Stores an event. 2xx may be answered once this has returned, and says only that.
   * @param body the bytes as they came
   * @returns false when it was stored before
   * @throws AppError BAD_REQUEST (signature, shape, API version), UPSTREAM_UNAVAILABLE
   */
  async accept(endpoint: string, body: Buffer, signature: string): Promise<boolean> {
    const now = await readNow(this.parts.db);
    this.parts.api.verifySignature(body, signature, Math.floor(now.getTime() / 1_000));
    const { id, type, ...about } = this.read(toJson(body));
    const isNew = await store.insertEvent(this.parts.db, {
      endpoint,
      id,
      type,
      objectId: about.object.id ?? null,
      payload: about,
      attempts: 0,
    });
    const alert = ALERTS[type];
    if (isNew && alert !== undefined) {
      this.parts.logger.error({ eventId: id, type, objectId: about.object.id }, alert);
    }
    return isNew;
  }

  /** One turn of the worker. Any number may run. @returns how many events it had in hand */
  async turn(): Promise<number> {
    const events = await claim<StripeEvent>(this.parts.db, store.STRIPE_EVENTS, {
      atMost: AT_ONCE,
      leaseMs: LEASE_MS,
    });
    const limit = pLimit(IN_PARALLEL);
    await Promise.all(events.map((event) => limit(() => this.tryToHandle(event))));
    return events.length;
  }

  /** Those that were given up, oldest first. */
  dead(atMost = 100): Promise<readonly DeadEvent[]> {
    return store.listDead(this.parts.db, atMost);
  }

  /** Handles events again, whatever became of them. @returns how many of them are in the inbox */
  replay(ids: readonly string[]): Promise<number> {
    return store.revive(this.parts.db, ids);
  }

  async counts(): Promise<{ waiting: number; dead: number }> {
    const { db } = this.parts;
    const waiting = await countOpen(db, store.STRIPE_EVENTS);
    return { waiting, dead: await countDead(db, store.DEAD_STRIPE_EVENTS) };
  }

  /** @throws AppError BAD_REQUEST */
  private read(body: unknown): Pick<StripeEvent, 'id' | 'type'> & StripeEventPayload {
    const thin = ThinEvent.safeParse(body);
    if (thin.success) {
      const { id, type, object } = thin.data;
      return { id, type, object: { object } };
    }
    const event = Event.safeParse(body);
    if (!event.success) throw new AppError('BAD_REQUEST', 'The body is not a Stripe event.');
    const { id, type, api_version: version, data } = event.data;
    if (version !== STRIPE_API_VERSION) {
      this.parts.logger.error({ eventId: id, version }, 'a Stripe event has another API version');
      throw new AppError(
        'BAD_REQUEST',
        `The event has API version ${String(version)}. Set the webhook endpoint to ${STRIPE_API_VERSION}.`,
      );
    }
    const { id: objectId, object, payment_intent } = data.object;
    return { id, type, object: { id: objectId, object, payment_intent } };
  }

  private async tryToHandle(event: StripeEvent): Promise<void> {
    try {
      await this.handle(event);
    } catch (error) {
      const outage = error instanceof AppError && error.code === 'UPSTREAM_UNAVAILABLE';
      const retryMs = outage ? OUTAGE_RETRY_MS : backOffMs(BACK_OFF, event.attempts);
      const { endpoint, id, type } = event;
      const message = error instanceof Error ? error.message : String(error);
      const failure = { error: message, retryMs };
      await fail(this.parts.db, store.STRIPE_EVENTS, [endpoint, id], failure);
      const what = { eventId: id, type, attempts: event.attempts, err: error };
      if (retryMs === undefined) {
        this.parts.logger.error(
          what,
          'a Stripe event was given up: `gigarouter payments` shows it',
        );
      } else this.parts.logger.warn(what, 'a Stripe event was not handled, and comes again');
    }
  }

  private async handle(event: StripeEvent): Promise<void> {
    const purchaseId = await this.purchaseOf(event);
    if (purchaseId !== undefined) {
      const settled = await this.parts.fulfillment.settle(purchaseId, event);
      if (settled !== undefined) return;
      // It says that it is ours: the purchase may be being written right now.
      throw new Error(`There is no purchase ${purchaseId}.`);
    }
    if (event.type === 'checkout.session.completed' && event.objectId !== null) {
      await this.parts.payments.adoptCard(event.objectId);
    }
    if (event.type === 'payment_method.detached' && event.objectId !== null) {
      await customers.forgetCard(this.parts.db, event.objectId);
    }
    if (event.type === 'customer.deleted' && event.objectId !== null) {
      await customers.deleteCustomer(this.parts.db, event.objectId);
    }
    await finish(this.parts.db, store.STRIPE_EVENTS, [event.endpoint, event.id]);
  }

  /** By the page or the payment that the event tells about; undefined when that is not ours. */
  private async purchaseOf({ payload }: StripeEvent): Promise<PurchaseId | undefined> {
    const { id = '', object: kind, payment_intent: intentOf } = payload.object;
    if (kind === 'checkout.session') {
      const known = await purchases.findPurchaseAtStripe(this.parts.db, { sessionId: id });
      if (known !== undefined) return known.id;
      const purchaseId = await this.parts.stripe.purchaseOfSession(id);
      // The process died between making the page and writing it down.
      if (purchaseId !== undefined) await purchases.adoptSession(this.parts.db, purchaseId, id);
      return purchaseId;
    }
    const paymentIntentId = kind === 'payment_intent' ? id : intentOf;
    if (paymentIntentId == null) return undefined;
    const known = await purchases.findPurchaseAtStripe(this.parts.db, { paymentIntentId });
    return known?.id ?? this.parts.stripe.purchaseOf(paymentIntentId);
  }
}

function toJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
