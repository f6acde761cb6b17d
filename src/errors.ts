/**
 * Every code that a caller can see, at any edge, with its HTTP status and whether the same request
 * may succeed when it is sent again. The `GRAPHQL_…` and `PERSISTED_QUERY_…` codes keep the names that GraphQL clients know.
 */
export const ERROR_CODES = {
  BAD_REQUEST: { status: 400, retryable: false },
  BAD_USER_INPUT: { status: 400, retryable: false },
  /** Sent with 200: clients then send the whole query. */
  PERSISTED_QUERY_NOT_SUPPORTED: { status: 400, retryable: false },
  GRAPHQL_PARSE_FAILED: { status: 400, retryable: false },
  GRAPHQL_VALIDATION_FAILED: { status: 400, retryable: false },
  QUERY_TOO_COMPLEX: { status: 400, retryable: false },
  UNAUTHENTICATED: { status: 401, retryable: false },
  INSUFFICIENT_CREDIT: { status: 402, retryable: false },
  SPEND_CAP_REACHED: { status: 402, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  NOT_ACCEPTABLE: { status: 406, retryable: false },
  REQUEST_TIMEOUT: { status: 408, retryable: true },
  CONFLICT: { status: 409, retryable: false },
  IDEMPOTENCY_IN_FLIGHT: { status: 409, retryable: true },
  MODEL_NOT_LIVE: { status: 409, retryable: false },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  IDEMPOTENCY_MISMATCH: { status: 422, retryable: false },
  RATE_LIMITED: { status: 429, retryable: true },
  INTERNAL: { status: 500, retryable: false },
  OVERLOADED: { status: 503, retryable: true },
  UPSTREAM_UNAVAILABLE: { status: 503, retryable: true },
  DEADLINE_EXCEEDED: { status: 504, retryable: true },
  INSUFFICIENT_STORAGE: { status: 507, retryable: true },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** True for a string that is one of our codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}

/**
 * A failure that a caller is told about. `message` and `details` are shown as they are, so they hold
 * nothing internal; `cause` is for the log only.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
  }

  /** HTTP status of the code, 400–507. */
  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  /** Whether the same request may succeed when it is sent again. */
  get isRetryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}
