/** Of what was seen in a time; the 99th is only as good as that is much. */
export interface Percentiles {
  readonly p50: number;
  readonly p75: number;
  readonly p90: number;
  readonly p99: number;
}

/** How a model has done lately, over all callers. What nobody has asked for is null: nothing is known then. */
export interface ModelPerformance {
  /** Of calls that were answered in the last 30 minutes, from the hold to the end; of a batch, which waits, none. */
  readonly latencyMs: Percentiles | null;
  /** Of the same: images and texts that a call asked for, in each second that it took. */
  readonly inputsPerS: Percentiles | null;
  /**
   * 0–1: calls that were answered, of those that were answered or failed on our side. What a caller did
   * wrong, or gave up, counts for neither.
   */
  readonly successShare: {
    readonly last5Min: number | null;
    readonly last30Min: number | null;
    readonly lastDay: number | null;
  };
}

export const UNKNOWN_PERFORMANCE: ModelPerformance = {
  latencyMs: null,
  inputsPerS: null,
  successShare: { last5Min: null, last30Min: null, lastDay: null },
};
