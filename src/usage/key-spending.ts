import type { KeyId } from '../platform/ids.js';

/** What a key has spent, in nano-USD. Days, weeks (from Monday) and months begin at midnight UTC. */
export interface KeySpending {
  readonly keyId: KeyId;
  readonly totalNanos: bigint;
  readonly dayNanos: bigint;
  readonly weekNanos: bigint;
  readonly monthNanos: bigint;
  /** What its cap allows it to spend still in the cap's period, calls in flight counted; null: no cap. */
  readonly capLeftNanos: bigint | null;
}
