/** Where a caller stands with its rate of calls. */
export interface RateState {
  /** Calls in `windowS`. */
  readonly limit: number;
  readonly remaining: number;
  readonly windowS: number;
  /** Until the window begins anew. */
  readonly resetS: number;
}

/**
 * The state as the standard headers (draft-ietf-httpapi-ratelimit-headers-10).
 * @returns names and values
 */
export function rateHeaders(state: RateState): Readonly<Record<string, string>> {
  return {
    'ratelimit-policy': `"calls";q=${String(state.limit)};w=${String(state.windowS)}`,
    ratelimit: `"calls";r=${String(state.remaining)};t=${String(state.resetS)}`,
  };
}
