import type { PriceUnit } from '../catalog/index.js';
import type { RunId } from '../platform/ids.js';
import type { ChargedUnit } from '../usage/index.js';

/** `batch`: at a lower price, after whoever waits for an answer. */
export type Tier = 'batch';

/** How many of each unit. */
export type Units = Readonly<Partial<Record<PriceUnit, number>>>;

/** A call that was answered, and what it cost. */
export interface Metered<Result> {
  readonly runId: RunId;
  readonly result: Result;
  /** Each line's `ran` is what was charged, as is their sum. */
  readonly units: readonly ChargedUnit[];
  /** Nano-USD that this request was charged; 0 for a replay. */
  readonly chargedNanos: bigint;
  /** For a replay: nano-USD that the original request was charged. Undefined for all others. */
  readonly originalNanos?: bigint | undefined;
  readonly timingsMs: Readonly<Record<string, number>>;
  /** It is the answer to an earlier request with the same idempotency key, which was charged then. */
  readonly replayed: boolean;
  readonly balance: { readonly postedNanos: bigint; readonly heldNanos: bigint };
}

/** A call as it is priced, before it runs. */
export interface Quote {
  /** As `classifyImage`. */
  readonly operation: string;
  /** Slug. */
  readonly model: string;
  readonly tier: Tier | undefined;
  /** Images that were sent. */
  readonly images: number;
  readonly units: readonly ChargedUnit[];
  /** What it costs when the account has paid for nothing of it before: the most. */
  readonly maximumNanos: bigint;
}

/** Credit that is set aside for a call which runs later. */
export interface HeldRun {
  readonly runId: RunId;
  /** As they were quoted. */
  readonly units: readonly ChargedUnit[];
}

export const SCORINGS = { SIGMOID: 'SIGMOID', SOFTMAX: 'SOFTMAX' } as const;
export type Scoring = keyof typeof SCORINGS;
