const NANOS = 1_000_000_000n;

/** Nano-USD as US dollars, exact, with no more digits than it needs: "0.00023". */
export function toUsd(nanos: bigint): string {
  const sign = nanos < 0n ? '-' : '';
  const digits = String(nanos < 0n ? -nanos : nanos).padStart(10, '0');
  const fraction = digits.slice(-9).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -9)}${fraction === '' ? '' : `.${fraction}`}`;
}

/** As a JSON number, where a dialect wants one: exact up to 15 digits. */
export function toUsdNumber(nanos: bigint): number {
  return Number(toUsd(nanos));
}

/** "12.5" US dollars as nano-USD; half a nano-dollar counts as one. @param dollars 0 or more, finite */
export function fromUsdNumber(dollars: number): bigint {
  const [whole = '0', fraction = ''] = dollars.toFixed(9).split('.');
  return BigInt(whole) * NANOS + BigInt(fraction.padEnd(9, '0'));
}
