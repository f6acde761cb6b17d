/** The time, as a port: tests turn it, nothing else reads `Date.now` for decisions. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
