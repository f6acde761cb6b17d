/**
 * Where the time of a call's work goes, in milliseconds. Images and labels run side by side: of each part the
 * longest counts, and what was cached has none.
 */
export class CallTimings {
  private readonly startedAt = performance.now();
  private readonly longest: Record<string, number> = {};

  /** Everything is there that had to be downloaded. */
  fetched(): void {
    this.longest.fetch = performance.now() - this.startedAt;
  }

  readonly onParts = (parts: Readonly<Record<string, number>>): void => {
    for (const [name, ms] of Object.entries(parts)) {
      this.longest[name] = Math.max(ms, this.longest[name] ?? 0);
    }
  };

  get parts(): Readonly<Record<string, number>> {
    return { fetch: 0, decode: 0, queue: 0, infer: 0, ...this.longest };
  }
}

/** To hundredths of a millisecond, as they are kept. */
export function rounded(timings: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(timings).map(([name, ms]) => [name, Math.round(ms * 100) / 100]),
  );
}
