import { AppError } from '../errors.js';
import type { HoldStatus } from './movement.js';

/** What a caller is told of a hold that the ledger refuses. */
export function refusal(
  status: Exclude<HoldStatus, 'HELD'>,
  neededNanos: bigint,
  availableNanos: bigint,
): AppError {
  switch (status) {
    case 'INSUFFICIENT':
      return insufficient(neededNanos, availableNanos);
    case 'KEY_CAP':
      return new AppError(
        'SPEND_CAP_REACHED',
        'The key’s spend cap does not allow this call. Raise the cap, or use another key.',
      );
    case 'KEY_REVOKED':
    case 'KEY_EXPIRED':
      return new AppError('UNAUTHENTICATED', 'The API key is no longer valid.');
    case 'MISMATCH':
      return new AppError(
        'IDEMPOTENCY_MISMATCH',
        'This idempotency key was already used for another request. Use a new key.',
      );
    case 'IN_FLIGHT':
      return new AppError(
        'IDEMPOTENCY_IN_FLIGHT',
        'A request with this idempotency key is still in progress. Retry shortly.',
        { details: { retryAfterS: 1 } },
      );
    case 'ACCOUNT_CLOSED':
      return new AppError('FORBIDDEN', 'The account is closed.');
    case 'NO_ACCOUNT':
      return new AppError('NOT_FOUND', 'Account not found.');
    case 'ENDED':
      // Runs are new when they are held: its hold was committed, and has expired before the answer came through.
      return new AppError(
        'UPSTREAM_UNAVAILABLE',
        'The database was unavailable for so long that the credit reserved for this call was released. Nothing ran; retry the request.',
        { details: { retryAfterS: 1 } },
      );
    case 'DONE':
      return new AppError('CONFLICT', 'The run has ended already.');
  }
}

/** The account has less than it needs. */
export function insufficient(neededNanos: bigint, availableNanos: bigint): AppError {
  return new AppError(
    'INSUFFICIENT_CREDIT',
    'The account does not have enough credit for this call. Buy credit, or request less.',
    {
      details: {
        neededNanos: neededNanos.toString(),
        availableNanos: availableNanos.toString(),
      },
    },
  );
}

export function noSuchAccount(): AppError {
  return new AppError('NOT_FOUND', 'Account not found.');
}

export function badAmount(message: string): AppError {
  return badInput('nanos', message);
}

export function badInput(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
