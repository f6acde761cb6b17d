import { GraphQLError, type GraphQLFormattedError, type SourceLocation } from 'graphql';
import { AppError, ERROR_CODES, type ErrorCode, isErrorCode } from '../errors.js';
import { codeOfStatus, toAppError } from '../http/to-app-error.js';
import type { Logger } from '../platform/logger.js';
import { requestContext } from '../platform/request-context.js';

/** Codes of Apollo Server that mean the same as one of ours. */
const APOLLO_CODES: Readonly<Record<string, ErrorCode>> = {
  OPERATION_RESOLUTION_FAILURE: 'BAD_REQUEST',
};

/** What is used of an error before it is formatted. */
interface Reported {
  readonly message: string;
  readonly locations?: readonly SourceLocation[] | undefined;
  readonly path?: readonly (string | number)[] | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

export type FormatError = (reported: Reported, error: unknown) => GraphQLFormattedError;

/**
 * Apollo's `formatError`, total: every error leaves with a code of the closed list and the request
 * id; a failure that nobody foresaw leaves as INTERNAL, its message only in the log.
 */
export function createFormatError(logger: Logger): FormatError {
  return (reported, error) => {
    const context = requestContext();
    const shown = describe(reported, error);
    if (shown.code === 'INTERNAL') {
      logger.error(
        { requestId: context?.requestId, err: originOf(error) },
        'unexpected error in GraphQL',
      );
    }
    if (context !== undefined) context.code ??= shown.code;
    return {
      message: shown.message,
      ...(reported.locations === undefined ? {} : { locations: reported.locations }),
      ...(reported.path === undefined ? {} : { path: reported.path }),
      extensions: {
        code: shown.code,
        retryable: ERROR_CODES[shown.code].retryable,
        ...shown.details,
        requestId: context?.requestId,
      },
    };
  };
}

/** Apollo's message names an option of Apollo's. Its tools look for `validationErrorCode`. */
const DISABLED = {
  code: 'GRAPHQL_VALIDATION_FAILED',
  message:
    'Introspection is disabled on this server, so __schema and __type are refused. The operator can enable it with INTROSPECTION=true.',
  details: { validationErrorCode: 'INTROSPECTION_DISABLED' },
} as const;

function describe(
  reported: Reported,
  error: unknown,
): { code: ErrorCode; message: string; details?: Readonly<Record<string, unknown>> | undefined } {
  const origin = originOf(error);
  if (!(origin instanceof GraphQLError) || origin instanceof AppError) return toAppError(origin);
  if (reported.extensions?.validationErrorCode === 'INTROSPECTION_DISABLED') return DISABLED;
  const code = reported.extensions?.code;
  if (typeof code === 'string' && Object.hasOwn(APOLLO_CODES, code)) {
    return { code: APOLLO_CODES[code] ?? 'BAD_REQUEST', message: reported.message };
  }
  if (code === 'BAD_REQUEST')
    return { code: codeOfHttp(origin) ?? code, message: reported.message };
  if (isErrorCode(code) && code !== 'INTERNAL') return { code, message: reported.message };
  return toAppError(origin);
}

/** Apollo says BAD_REQUEST of every request that it refuses, with a more exact HTTP status. */
function codeOfHttp({ extensions }: GraphQLError): ErrorCode | undefined {
  const { status } = (extensions.http ?? {}) as { status?: number };
  return codeOfStatus(status);
}

/** What was thrown, below the errors of GraphQL that wrap it; those of graphql-jit are a class of their own. */
function originOf(error: unknown): unknown {
  let origin = error;
  for (;;) {
    const { originalError } = origin as { originalError?: unknown };
    if (originalError === undefined) return origin;
    origin = originalError;
  }
}
