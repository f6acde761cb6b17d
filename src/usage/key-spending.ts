import type { KeyId } from '../platform/ids.js';

/** What a key has spent, in nano-USD. Days, weeks (from Monday) and months begin at midnight UTC. */
export interface KeySpending {
  readonly keyId: KeyId;
  readonly totalNanos: bigint;
  readonly dayNanos: bigint;
  readonly weekNanos: bigint;
  readonly monthNanos: bigint;
  /**
   * What its cap still allows in the cap's period, calls in flight counted, and what was spent with the keys that it
   * was rotated from or to; null: no cap.
   */
  readonly capLeftNanos: bigint | null;
}
