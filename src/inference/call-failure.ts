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
  return new AppError('REQUEST_TIMEOUT', 'The caller left before the answer. Nothing was charged.');
}

/** A model that cannot be called now, and why. */
export function notLive({ slug, status }: Model): AppError {
  const why: Partial<Record<Model['status'], string>> = {
    DEGRADED:
      'cannot be called for the moment: nobody runs it, or not with its reference scores. It comes back by itself; its page in the catalog says when',
    RETIRED: 'is retired and cannot be called any more. Its page in the catalog says what to call',
  };
  return new AppError(
    'MODEL_NOT_LIVE',
    `${slug} ${
      why[status] ??
      'is not live yet, so it cannot be called. Its page in the catalog says when; ask for it there'
    }.`,
    { details: { model: slug, status } },
  );
}
