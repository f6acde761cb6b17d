import type { FastifyError } from 'fastify';
import { AppError, type ErrorCode } from '../errors.js';
import { diskFull, isDiskFull } from '../platform/disk-full.js';
import { databaseAway, isDatabaseOutage, isNotStorable } from '../platform/database.js';

const CODE_BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'BAD_REQUEST',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  406: 'NOT_ACCEPTABLE',
  408: 'REQUEST_TIMEOUT',
  413: 'PAYLOAD_TOO_LARGE',
  414: 'BAD_REQUEST',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  431: 'BAD_REQUEST',
};

/** The code for an error that somebody else gave a status. */
export function codeOfStatus(status: number | undefined): ErrorCode | undefined {
  return status === undefined ? undefined : CODE_BY_STATUS[status];
}

/**
 * What a caller may know of any failure: our own errors as they are, an outage and a full disk as such, Fastify's
 * complaints about a request by their status, and everything else as INTERNAL without its message.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isDiskFull(error)) return diskFull(error);
  if (isDatabaseOutage(error)) return databaseAway(error);
  if (isNotStorable(error)) {
    const message =
      'A value cannot be stored: a text contains the character NUL, or a number or date is out of range.';
    return new AppError('BAD_USER_INPUT', message, { cause: error });
  }
  const { statusCode, message, code: fastifyCode } = error as Partial<FastifyError>;
  // A path that climbs out of the folder: what is outside is not said to exist.
  if (fastifyCode === 'FST_STATIC_FORBIDDEN_PATH') {
    return new AppError('NOT_FOUND', 'There is nothing at this address.', { cause: error });
  }
  const code = codeOfStatus(statusCode);
  if (code !== undefined) return new AppError(code, message ?? code, { cause: error });
  return new AppError(
    'INTERNAL',
    'An internal error occurred. Quote the request ID when you report it.',
    {
      cause: error,
    },
  );
}
