/** Nano-USD in a dollar, in a cent. */
const USD = 1_000_000_000n;
const CENT = 10_000_000n;

/** A decimal whole number, as the API writes nano-USD. Never a `Number`: it would round. */
type Nanos = string | bigint;

/**
 * An amount with every digit that it has, at least two of them after the point: prices, charges, ledger entries.
 * @returns such as `$0.0002`, `$1,204.50`, `−$0.10`
 */
export function exactUsd(nanos: Nanos): string {
  const value = BigInt(nanos);
  return usd(value, 2, 9);
}

/**
 * A total, for reading at a glance. From $1 on two decimals; below, three significant digits and at least two decimals,
 * so that what is not zero is never shown as zero.
 * @param rounding credit is rounded down and cost up: nobody has less or pays more than is shown
 */
export function totalUsd(nanos: Nanos, rounding: 'credit' | 'cost'): string {
  const value = BigInt(nanos);
  const size = value < 0n ? -value : value;
  const rounded = roundTo(value, unitOf(size), rounding);
  // Rounding may have carried it over a dollar, where two decimals are enough.
  return usd(rounded, 2, rounded >= USD || rounded <= -USD ? 2 : 9);
}

/** The smallest step that is shown of an amount of this size. */
function unitOf(size: bigint): bigint {
  if (size >= USD) return CENT;
  const digits = String(size).length;
  const step = 10n ** BigInt(Math.max(digits - 3, 0));
  return step > CENT ? CENT : step;
}

/** Towards less credit, or more cost. */
function roundTo(value: bigint, step: bigint, rounding: 'credit' | 'cost'): bigint {
  const rest = ((value % step) + step) % step;
  const down = value - rest;
  return rounding === 'cost' && rest > 0n ? down + step : down;
}

/** @param most decimals that are not zero at the end are kept up to this many */
function usd(value: bigint, least: number, most: number): string {
  const size = value < 0n ? -value : value;
  const whole = (size / USD).toLocaleString('en-US');
  const decimals = String(size % USD)
    .padStart(9, '0')
    .slice(0, most)
    .replace(/0+$/, '')
    .padEnd(least, '0');
  return `${value < 0n ? '−' : ''}$${whole}.${decimals}`;
}
