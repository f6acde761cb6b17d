/** Prices of the demo model, in nano-USD. */
const PRICES = { IMAGE: 200_000n, LABEL_TEXT: 10_000n, EMBEDDING: 100_000n };

/** A unit as the model names it: what is charged, and for what. */
export type ModelUnit = `${keyof typeof PRICES} ${string}`;

/** What some units cost once each, in nano-USD. */
function priceOf(units: Iterable<ModelUnit>): bigint {
  let sum = 0n;
  for (const unit of new Set(units)) sum += PRICES[unit.split(' ')[0] as keyof typeof PRICES];
  return sum;
}

/**
 * What is reserved for a call: each image and each text to embed as often as the request has it, each different label
 * once, whatever the account has paid for before.
 */
export function reservedFor(units: readonly ModelUnit[]): bigint {
  const isLabel = (unit: ModelUnit) => unit.startsWith('LABEL_TEXT ');
  return units
    .filter((unit, at) => !isLabel(unit) || units.indexOf(unit) === at)
    .reduce((sum, unit) => sum + priceOf([unit]), 0n);
}

/** What an account must have paid, as plain code: each unit that was delivered to it, once. */
export class PaidModel {
  private readonly owned = new Set<ModelUnit>();
  paidNanos = 0n;

  owns(unit: ModelUnit): boolean {
    return this.owned.has(unit);
  }

  /** What a call would cost now. */
  costOf(units: readonly ModelUnit[]): bigint {
    return priceOf(units.filter((unit) => !this.owned.has(unit)));
  }

  /** Calls were answered, in whatever order. @returns what they cost together */
  deliver(units: readonly ModelUnit[]): bigint {
    const nanos = this.costOf(units);
    for (const unit of units) this.owned.add(unit);
    this.paidNanos += nanos;
    return nanos;
  }
}
