import type { HeldRun, Quote } from '../inference/index.js';
import type { Actor } from '../platform/actor.js';

/** An address that lines may call: what its route does, without a request. */
export interface BatchEndpoint {
  /** What a line would cost at most, at the price of batches. @throws AppError as the route, before it runs anything */
  quote(actor: Actor, body: unknown): Promise<Quote>;
  /**
   * Runs a line on credit that is held for it, and charges what ran. One that was charged before is answered
   * again. @throws AppError as the route; the credit is still held then
   */
  run(line: {
    readonly actor: Actor;
    readonly body: unknown;
    readonly held: HeldRun;
    readonly signal: AbortSignal;
  }): Promise<{ readonly body: object; readonly chargedNanos: bigint }>;
}

/** By address, as "/v1/classify". */
export type BatchEndpoints = ReadonlyMap<string, BatchEndpoint>;
