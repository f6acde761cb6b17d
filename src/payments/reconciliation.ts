import type { Movement } from './purchase.js';

/** One day (UTC) of one currency: what Stripe's balance says, and what we have. In minor units. */
export interface ReconciledDay {
  /** As "2026-11-24". */
  readonly day: string;
  readonly currency: string;
  readonly stripeMinor: bigint;
  readonly oursMinor: bigint;
}

/** A line that is not the same on both sides. */
export interface Difference {
  /** Of Stripe's balance transaction. */
  readonly id: string;
  readonly purchaseId: string;
  readonly problem: 'missing here' | 'missing at Stripe' | 'another amount';
}

/** What comparing a time found. */
export interface Reconciliation {
  readonly since: Date;
  readonly until: Date;
  /** In order of days. */
  readonly days: readonly ReconciledDay[];
  /** Purchases that webhooks had missed something of, and that are right now. */
  readonly repaired: readonly string[];
  readonly differences: readonly Difference[];
}

export type OwnedMovement = Movement & { readonly purchaseId: string };

/** Sums by day and currency, oldest first. */
export function byDay(
  stripe: readonly OwnedMovement[],
  ours: readonly OwnedMovement[],
): ReconciledDay[] {
  const days = new Map<string, ReconciledDay>();
  const add = (movement: OwnedMovement, side: 'stripeMinor' | 'oursMinor') => {
    const { currency, occurredAt, amountMinor } = movement;
    const day = occurredAt.toISOString().slice(0, 10);
    const key = `${day} ${currency}`;
    const before = days.get(key) ?? { day, currency, stripeMinor: 0n, oursMinor: 0n };
    days.set(key, { ...before, [side]: before[side] + amountMinor });
  };
  for (const movement of stripe) add(movement, 'stripeMinor');
  for (const movement of ours) add(movement, 'oursMinor');
  return [...days.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day);
}

/** Line by line: sums may agree by accident. */
export function differencesOf(
  stripe: readonly OwnedMovement[],
  ours: readonly OwnedMovement[],
): Difference[] {
  const known = new Map(ours.map((movement) => [movement.id, movement]));
  const there = new Set(stripe.map(({ id }) => id));
  const differences = stripe.flatMap(({ id, purchaseId, amountMinor, currency }): Difference[] => {
    const own = known.get(id);
    if (own === undefined) return [{ id, purchaseId, problem: 'missing here' }];
    const same = own.amountMinor === amountMinor && own.currency === currency;
    return same ? [] : [{ id, purchaseId, problem: 'another amount' }];
  });
  const gone = ours
    .filter(({ id }) => !there.has(id))
    .map(({ id, purchaseId }): Difference => ({ id, purchaseId, problem: 'missing at Stripe' }));
  return [...differences, ...gone];
}
