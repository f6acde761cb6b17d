const WHOLE = new Intl.NumberFormat('en-US');
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 });
const PLURALS = new Intl.PluralRules('en-US');

/** `1,234`. */
export function whole(value: number): string {
  return WHOLE.format(value);
}

/** `878M`, `242.3K`. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** `1 request`, `3 requests`. */
export function counted(value: number, one: string, several = `${one}s`): string {
  return `${whole(value)} ${PLURALS.select(value) === 'one' ? one : several}`;
}

/** A share of 0 to 1, cut and not rounded: what is not all is never shown as 100 %. */
export function percent(share: number): string {
  return `${(Math.floor(share * 10_000) / 100).toFixed(2)}%`;
}

/** `41 ms`, `1.24 s`. */
export function duration(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${ms < 10 ? ms.toFixed(1) : String(Math.round(ms))} ms`;
}
