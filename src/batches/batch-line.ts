import type { AppError, ErrorCode } from '../errors.js';
import type { AccountId, BatchId, KeyId, RunId, UploadId } from '../platform/ids.js';
import type { ChargedUnit } from '../usage/index.js';
import type { BatchLineState, BatchStatus } from './batch.js';

/** A line as it is taken up to be ended. */
export interface BatchLine {
  readonly batchId: BatchId;
  readonly line: number;
  readonly customId: string;
  readonly runId: RunId;
  readonly units: readonly ChargedUnit[];
  /** Where it stands in the input file, in bytes. */
  readonly offset: number;
  readonly bytes: number;
  /** How often it was begun, this time included. */
  readonly attempts: number;
  readonly accountId: AccountId;
  readonly keyId: KeyId | null;
  readonly endpoint: string;
  readonly status: BatchStatus;
  readonly inputFileId: UploadId;
}

/** How a line ends, and what its file says of it. */
export type LineEnd =
  | { readonly state: 'COMPLETED'; readonly chargedNanos: bigint; readonly answer: string }
  | { readonly state: Exclude<BatchLineState, 'OPEN' | 'COMPLETED'>; readonly answer: string };

/** What was answered, or why nothing was: as a line of the output or error file, in OpenAI's shape. */
export function answerLine(
  { runId, customId }: Pick<BatchLine, 'runId' | 'customId'>,
  said:
    | { readonly response: { readonly status: number; readonly body: object } }
    | { readonly error: { readonly code: string; readonly message: string } },
): string {
  const ids = { id: `batch_req_${runId.slice('run_'.length)}`, custom_id: customId };
  if ('error' in said) return JSON.stringify({ ...ids, response: null, error: said.error });
  const { status, body } = said.response;
  const response = { status_code: status, request_id: runId, body };
  return JSON.stringify({ ...ids, response, error: null });
}

/** Of a line that does not begin any more. */
export const NOT_BEGUN = {
  CANCELLED: {
    code: 'batch_cancelled',
    message: 'This request was not executed: the batch was cancelled.',
  },
  EXPIRED: {
    code: 'batch_expired',
    message: 'This request could not be executed before the completion window expired.',
  },
} as const;

/** Tries of a line that takes too long, or ends the process that runs it. */
const TRIES_MAX = 4;
/** Before the next try, whatever it waits for. */
const PAUSE_MS = 5_000;

/** Have nothing to do with the line. */
const WAITED_FOR: readonly ErrorCode[] = [
  'OVERLOADED',
  'UPSTREAM_UNAVAILABLE',
  'INSUFFICIENT_STORAGE',
];

/**
 * Whether a line that failed is tried again, and when. What has no room now, or is away, is waited for until the
 * batch expires, and does not count as a try.
 */
export function retryOf(
  { code, isRetryable }: AppError,
  { attempts }: Pick<BatchLine, 'attempts'>,
): { readonly afterMs: number; readonly counts: boolean } | undefined {
  if (WAITED_FOR.includes(code)) return { afterMs: PAUSE_MS, counts: false };
  const mayChange = isRetryable || code === 'INTERNAL';
  return mayChange && attempts < TRIES_MAX ? { afterMs: PAUSE_MS, counts: true } : undefined;
}

/** A process that ends at this line ends at it again. */
export function isHopeless({ attempts }: Pick<BatchLine, 'attempts'>): boolean {
  return attempts > TRIES_MAX;
}
