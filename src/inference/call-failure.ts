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
