import type { AccountId, BatchId, KeyId, UploadId } from '../platform/ids.js';

export const BATCH_STATUSES = {
  FAILED: 'FAILED',
  IN_PROGRESS: 'IN_PROGRESS',
  CANCELLING: 'CANCELLING',
  FINALIZING: 'FINALIZING',
  COMPLETED: 'COMPLETED',
  EXPIRED: 'EXPIRED',
  CANCELLED: 'CANCELLED',
} as const;
export type BatchStatus = keyof typeof BATCH_STATUSES;

/** How a line ends; OPEN: it has not. */
export type BatchLineState = 'OPEN' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'EXPIRED';

/** What is wrong with a line of the input file, or with the file. */
export interface BatchError {
  readonly code: string;
  readonly message: string;
  /** From 1; null: the file as a whole. */
  readonly line: number | null;
  /** Of the request. */
  readonly param: string | null;
}

/** Many calls in a file, answered in a file. */
export interface Batch {
  readonly id: BatchId;
  readonly accountId: AccountId;
  readonly keyId: KeyId | null;
  /** The address that all lines call, as "/v1/classify". */
  readonly endpoint: string;
  readonly status: BatchStatus;
  readonly inputFileId: UploadId;
  /** Of the file of answers, which is there when the batch has ended and some line was answered. */
  readonly outputFileId: UploadId;
  /** The same for lines that were not. */
  readonly errorFileId: UploadId;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** Of a batch that FAILED: nothing of it was run, or held. */
  readonly errors: readonly BatchError[];
  readonly createdAt: Date;
  /** What has not begun by then does not. */
  readonly expiresAt: Date;
  readonly cancellingAt: Date | null;
  readonly finalizingAt: Date | null;
  readonly endedAt: Date | null;
}

/** A batch, and how far it is. */
export interface BatchProgress extends Batch {
  /** How many lines are, or have ended, so. */
  readonly lines: Readonly<Record<BatchLineState, number>>;
  /** Held for lines that are open. */
  readonly heldNanos: bigint;
  readonly chargedNanos: bigint;
}

/** How long a batch may take. */
export const WINDOW_MS = 24 * 3_600_000;
/** Credit stays held for longer than lines may begin: one that began at the end has to be paid too. */
export const HOLD_MS = WINDOW_MS + 3_600_000;

/** How a batch ends whose lines all have. */
export function endOf(
  { cancellingAt }: Pick<Batch, 'cancellingAt'>,
  lines: BatchProgress['lines'],
): BatchStatus {
  if (cancellingAt !== null) return 'CANCELLED';
  return lines.EXPIRED > 0 ? 'EXPIRED' : 'COMPLETED';
}
