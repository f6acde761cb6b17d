import type { Model } from '../catalog/index.js';
import { AppError } from '../errors.js';

/** What is written down of a call that came to nothing. */
export function reasonCode(reason: unknown): string {
  if (reason instanceof AppError) return reason.code;
  if (!(reason instanceof DOMException)) return 'INTERNAL';
  return reason.name === 'TimeoutError' ? 'DEADLINE_EXCEEDED' : 'CANCELLED';
}

/** An abort as its caller may know it: time was up, or the caller has left. */
export function asAppError(error: unknown): unknown {
  if (!(error instanceof DOMException)) return error;
  if (error.name === 'TimeoutError') {
    return new AppError('DEADLINE_EXCEEDED', 'The call took too long. Nothing was charged.');
  }
  if (error.name !== 'AbortError') return error;
  return new AppError(
    'REQUEST_TIMEOUT',
    'The client disconnected before the response. Nothing was charged.',
  );
}

/** A model that cannot be called now, and why. */
export function notLive({ slug, status }: Model): AppError {
  const why: Partial<Record<Model['status'], string>> = {
    DEGRADED:
      'is temporarily unavailable: no provider serves it with its reference scores. It recovers automatically; see its catalog page for the status',
    RETIRED: 'has been retired and can no longer be called. See its catalog page for a replacement',
  };
  return new AppError(
    'MODEL_NOT_LIVE',
    `${slug} ${
      why[status] ??
      'is not live yet and cannot be called. See its catalog page for the expected date, or request it there'
    }.`,
    { details: { model: slug, status } },
  );
}
