import type { CapPeriod } from './api-key.js';

/** The spend cap of a key, and what is used of it in its present period. In nano-USD. */
export interface KeyCap {
  readonly nanos: bigint;
  readonly period: CapPeriod;
  /** With the keys that it was rotated from and to. */
  readonly spentNanos: bigint;
  /** Promised to calls in flight. */
  readonly heldNanos: bigint;
  /** 0 or more. */
  readonly remainingNanos: bigint;
  /** null: never. */
  readonly resetsAt: Date | null;
}
