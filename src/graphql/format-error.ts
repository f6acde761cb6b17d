import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { isErrorCode, type ErrorCode, AppError } from '../errors.js';
import { toAppError } from '../http/errors.js';
import type { Logger } from '../platform/logger.js';
import { requestContext } from '../platform/request-context.js';

/** Codes of Apollo Server that mean the same as one of ours. */
const APOLLO_CODES: Readonly<Record<string, ErrorCode>> = {
  OPERATION_RESOLUTION_FAILURE: 'BAD_REQUEST',
  PERSISTED_QUERY_NOT_FOUND: 'BAD_REQUEST',
  PERSISTED_QUERY_NOT_SUPPORTED: 'BAD_REQUEST',
};

/**
 * Apollo's `formatError`, total: every error leaves with a code of the closed list and the request
 * id; a failure that nobody foresaw leaves as INTERNAL, its message only in the log.
 */
export function createFormatError(logger: Logger) {
  return (formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError => {
    const context = requestContext();
    const shown = describe(formatted, error);
    if (shown.code === 'INTERNAL') {
      logger.error(
        { requestId: context?.requestId, err: originOf(error) },
        'unexpected error in GraphQL',
      );
    }
    if (context !== undefined) context.code ??= shown.code;
    return {
      message: shown.message,
      ...(formatted.locations === undefined ? {} : { locations: formatted.locations }),
      ...(formatted.path === undefined ? {} : { path: formatted.path }),
      extensions: { code: shown.code, ...shown.details, requestId: context?.requestId },
    };
  };
}

function describe(
  formatted: GraphQLFormattedError,
  error: unknown,
): { code: ErrorCode; message: string; details?: Readonly<Record<string, unknown>> | undefined } {
  const origin = originOf(error);
  if (!(origin instanceof GraphQLError) || origin instanceof AppError) return toAppError(origin);
  const code = formatted.extensions?.code;
  if (typeof code === 'string' && Object.hasOwn(APOLLO_CODES, code)) {
    return { code: APOLLO_CODES[code] ?? 'BAD_REQUEST', message: formatted.message };
  }
  if (isErrorCode(code) && code !== 'INTERNAL') return { code, message: formatted.message };
  return toAppError(origin);
}

/** What was thrown, below the GraphQLErrors that wrap it. */
function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof GraphQLError && origin.originalError !== undefined) {
    origin = origin.originalError;
  }
  return origin;
}
