import type { Database } from '../platform/database.js';
import type { PurchaseId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import { readNow } from '../platform/now.store.js';
import type { FulfillmentService } from './fulfillment.service.js';
import * as store from './purchases.store.js';
import { byDay, differencesOf, type OwnedMovement, type Reconciliation } from './reconciliation.js';
import type { StripeGateway } from './stripe.gateway.js';

export interface ReconcilerParts {
  readonly db: Database;
  readonly stripe: StripeGateway;
  readonly fulfillment: FulfillmentService;
  readonly logger: Logger;
}

/** Webhooks are sent again for three days. */
const DEFAULT_MS = 4 * 86_400_000;
/** What happened just now may be on one side only. */
const SETTLING_MS = 30_000;

/**
 * Compares what Stripe's balance says with what we have, to the smallest unit, and repairs what webhooks
 * missed: by settling the purchase again, as a webhook would have.
 */
export class ReconcilerService {
  constructor(private readonly parts: ReconcilerParts) {}

  /**
   * @param range by default the last four days
   * @throws AppError UPSTREAM_UNAVAILABLE
   */
  async run(
    range: { since?: Date | undefined; until?: Date | undefined } = {},
  ): Promise<Reconciliation> {
    const { db, fulfillment } = this.parts;
    const { until = new Date((await readNow(db)).getTime() - SETTLING_MS) } = range;
    const { since = new Date(until.getTime() - DEFAULT_MS) } = range;
    await fulfillment.settleOpen();
    const atStripe = await this.listStripe({ since, until });
    const missed = differencesOf(atStripe, await this.listOurs({ since, until }));
    const repaired = [];
    const intents = new Map(atStripe.map((line) => [line.purchaseId, line.paymentIntentId]));
    for (const purchaseId of new Set(missed.map((difference) => difference.purchaseId))) {
      await fulfillment.settle(purchaseId as PurchaseId, undefined, intents.get(purchaseId));
      repaired.push(purchaseId);
    }
    const ours = await this.listOurs({ since, until });
    const differences = differencesOf(atStripe, ours);
    const broken = new Set(differences.map(({ purchaseId }) => purchaseId));
    const result = {
      since,
      until,
      days: byDay(atStripe, ours),
      repaired: repaired.filter((id) => !broken.has(id)),
      differences,
    };
    this.tell(result);
    return result;
  }

  private async listStripe(range: {
    since: Date;
    until: Date;
  }): Promise<(OwnedMovement & { readonly paymentIntentId: string })[]> {
    const { stripe } = this.parts;
    const lines = await stripe.listBalance(range);
    const owners = new Map<string, string | undefined>();
    const owned = [];
    for (const { movement, paymentIntentId, metadata } of lines) {
      if (paymentIntentId === null) continue;
      if (!owners.has(paymentIntentId)) {
        owners.set(paymentIntentId, await this.ownerOf(paymentIntentId, metadata.purchase_id));
      }
      const purchaseId = owners.get(paymentIntentId);
      if (purchaseId !== undefined) owned.push({ ...movement, purchaseId, paymentIntentId });
    }
    return owned;
  }

  /** The purchase of a payment; undefined when it is another product's. */
  private async ownerOf(paymentIntentId: string, told: string | undefined) {
    const known = await store.findPurchaseAtStripe(this.parts.db, { paymentIntentId });
    if (known !== undefined) return known.id;
    if (told?.startsWith('pur_') === true) return told;
    return this.parts.stripe.purchaseOf(paymentIntentId);
  }

  private listOurs(range: { since: Date; until: Date }): Promise<OwnedMovement[]> {
    const { db, stripe } = this.parts;
    return store.listMovements(db, { ...range, provider: stripe.provider });
  }

  private tell({ repaired, differences }: Pick<Reconciliation, 'repaired' | 'differences'>): void {
    const { logger } = this.parts;
    for (const purchaseId of repaired) {
      logger.warn({ purchaseId }, 'a purchase was repaired: webhooks had missed something');
    }
    for (const { purchaseId, problem } of differences) {
      logger.error({ purchaseId, reason: problem }, 'a payment is not the same here and at Stripe');
    }
  }
}
