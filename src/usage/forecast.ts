/** Credit that is left, in the order in which it is spent. */
export interface LotLeft {
  readonly remainingNanos: bigint;
  /** When what is left of it is lost; null: never. */
  readonly expiresAt: Date | null;
}

export interface Forecast {
  /** null: not within ten years. */
  readonly runsOutAt: Date | null;
  readonly nanosPerDay: bigint;
  /** The rate is the average from here to now. */
  readonly since: Date;
}

const DAY_MS = 86_400_000;
const HORIZON_MS = 3_650 * DAY_MS;

/**
 * When credit is gone that is spent at an even rate, one lot after the other, while lots end in between.
 * @param credit `availableNanos`: less than the lots' sum, by what is held and owed
 * @returns `now` when there is none; null: not within ten years
 */
export function runsOutAt(
  credit: { readonly availableNanos: bigint; readonly lots: readonly LotLeft[] },
  nanosPerDay: bigint,
  now: Date,
): Date | null {
  const perMs = Number(nanosPerDay) / DAY_MS;
  const lots = credit.lots.map(({ remainingNanos, expiresAt }) => ({
    left: Number(remainingNanos),
    endsAt: expiresAt?.getTime() ?? Infinity,
  }));
  // What is promised to calls in flight, or owed, is gone.
  let promised = lots.reduce((sum, { left }) => sum + left, 0) - Number(credit.availableNanos);
  let at = now.getTime();
  for (;;) {
    const lot = lots.find(({ left, endsAt }) => left > 0 && endsAt > at);
    if (lot === undefined) return new Date(at);
    const taken = Math.min(lot.left, Math.max(0, promised));
    lot.left -= taken;
    promised -= taken;
    if (lot.left <= 0) continue;
    const emptyAt = perMs > 0 ? at + lot.left / perMs : Infinity;
    const next = Math.min(emptyAt, ...lots.map(({ endsAt }) => (endsAt > at ? endsAt : Infinity)));
    if (next > now.getTime() + HORIZON_MS) return null;
    lot.left = next === emptyAt ? 0 : lot.left - (next - at) * perMs;
    at = next;
  }
}
