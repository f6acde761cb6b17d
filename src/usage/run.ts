import type { AccountId, KeyId, RunId } from '../platform/ids.js';

/** As the ledger has it; callers are shown a `RunStatus`. */
export type RunOutcome = 'CAPTURED' | 'VOIDED' | 'EXPIRED';

export const RUN_TIERS = { STANDARD: 'STANDARD', BATCH: 'BATCH' } as const;
export type RunTier = keyof typeof RUN_TIERS;

/** One line of what a call cost. */
export interface ChargedUnit {
  readonly unit: string;
  readonly priceVersionId: string;
  readonly nanosPerUnit: string;
  /** What was asked for, and held. */
  readonly requested: number;
  /** What was charged; the rest was free, as the account had paid for it before. Left out while it is not known. */
  readonly ran?: number;
}

/** What is kept of a call beside its money. Never the image, nor the labels. */
export interface RunDetails {
  readonly operation?: string;
  readonly model?: string;
  /** Precision of the weights that its answer comes from; left out where it gave none. */
  readonly variant?: string;
  readonly tier?: string;
  readonly units?: readonly ChargedUnit[];
  /** Images that were sent, and those of them that were free. */
  readonly images?: number;
  readonly imagesCached?: number;
  /** `user:…` or `key:…`. */
  readonly actor?: string;
  /** Units that were free, by the run that had paid for them; what a call repeats by its own. */
  readonly paidBy?: Readonly<Record<RunId, number>>;
  readonly timingsMs?: Readonly<Record<string, number>>;
  readonly errorCode?: string;
}

/** A metered call of the past. */
export interface Run {
  readonly id: RunId;
  readonly accountId: AccountId;
  readonly keyId: KeyId | null;
  readonly outcome: RunOutcome;
  readonly heldNanos: bigint;
  readonly chargedNanos: bigint;
  readonly idempotencyKey: string | null;
  readonly details: RunDetails;
  readonly startedAt: Date;
  readonly endedAt: Date;
}
