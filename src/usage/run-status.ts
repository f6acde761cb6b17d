import { ERROR_CODES, type ErrorCode, isErrorCode } from '../errors.js';
import type { Run } from './run.js';

/** How a call ended. */
export const RUN_STATUSES = {
  SUCCEEDED: 'SUCCEEDED',
  FAILED: 'FAILED',
  CANCELLED: 'CANCELLED',
  EXPIRED: 'EXPIRED',
} as const;
export type RunStatus = keyof typeof RUN_STATUSES;

/** As `usage_event.status` has it: `OK`, `EXPIRED`, `VOIDED` where nothing is known, `CANCELLED`, or the code of the error. */
export type RunEnd = string;

/** Ends that are no code of an error, by their status. */
const PLAIN_ENDS = { OK: 'SUCCEEDED', CANCELLED: 'CANCELLED', EXPIRED: 'EXPIRED' } as const;

export function endOf({ outcome, details }: Pick<Run, 'outcome' | 'details'>): RunEnd {
  if (outcome === 'CAPTURED') return 'OK';
  return outcome === 'EXPIRED' ? 'EXPIRED' : (details.errorCode ?? 'VOIDED');
}

export function statusOf(end: RunEnd): RunStatus {
  return Object.hasOwn(PLAIN_ENDS, end) ? PLAIN_ENDS[end as keyof typeof PLAIN_ENDS] : 'FAILED';
}

/** null unless the call failed, and for a failure that has no code any more. */
export function errorCodeOf(end: RunEnd): ErrorCode | null {
  return isErrorCode(end) ? end : null;
}

/** All ends of the calls that have one of the statuses. */
export function endsOf(statuses: readonly RunStatus[]): readonly RunEnd[] {
  const plain = Object.entries(PLAIN_ENDS)
    .filter(([, status]) => statuses.includes(status))
    .map(([end]) => end);
  return statuses.includes('FAILED') ? [...plain, ...Object.keys(ERROR_CODES), 'VOIDED'] : plain;
}
