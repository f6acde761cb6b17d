import { APIError, isAPIError } from 'better-auth/api';
import { AppError } from '../errors.js';
import type { Client } from './active-session.js';

/** Where better-auth reads the address that a person comes from; we set it, and nobody else. */
export const IP_ADDRESS_HEADER = 'x-gigarouter-ip';

/** Asks the identity library. @throws AppError for what it refuses */
export async function askLibrary<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isAPIError(error)) throw error;
    const { statusCode, body } = error;
    // It answers a link that is over by leading a browser elsewhere.
    if (statusCode === 302) throw linkOver(error);
    const message = body?.message ?? 'The request was refused.';
    if (statusCode === 401) throw new AppError('UNAUTHENTICATED', message, { cause: error });
    if (statusCode === 403) throw new AppError('FORBIDDEN', message, { cause: error });
    if (statusCode === 429) throw rateLimited(message, body, error);
    if (statusCode < 500) throw new AppError('BAD_USER_INPUT', message, { cause: error });
    throw error;
  }
}

/** Runs in the library, which answers any other error as one of the server. */
export async function asAPIError<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const { code, message, details, status } = error;
    throw new APIError(STATUSES[status] ?? 'BAD_REQUEST', { ...details, code, message });
  }
}

const STATUSES: Readonly<Record<number, 'FORBIDDEN' | 'TOO_MANY_REQUESTS' | 'UNAUTHORIZED'>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  429: 'TOO_MANY_REQUESTS',
};

export function linkOver(cause?: unknown): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    'The link is not valid: it was used, has expired, or was replaced by a newer one. Request a new link.',
    { cause },
  );
}

export function headersFrom({ ipAddress, userAgent }: Client): Headers {
  const headers = new Headers({ [IP_ADDRESS_HEADER]: ipAddress });
  if (userAgent !== undefined) headers.set('user-agent', userAgent);
  return headers;
}

function rateLimited(message: string, body: unknown, cause: unknown): AppError {
  const { retryAfterS = 60 } = (body ?? {}) as { retryAfterS?: number };
  return new AppError('RATE_LIMITED', message, { cause, details: { retryAfterS } });
}
