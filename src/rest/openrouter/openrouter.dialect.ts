import { z } from 'zod';
import type { AppError, ErrorCode } from '../../errors.js';
import type { Dialect } from '../dialect.js';

/** `error_type`, OpenRouter's own list, where it is not that of the status. */
const TYPES: Partial<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: 'authentication',
  INSUFFICIENT_CREDIT: 'payment_required',
  SPEND_CAP_REACHED: 'payment_required',
  FORBIDDEN: 'permission_denied',
  NOT_FOUND: 'not_found',
  REQUEST_TIMEOUT: 'timeout',
  PAYLOAD_TOO_LARGE: 'payload_too_large',
  IDEMPOTENCY_MISMATCH: 'unprocessable',
  RATE_LIMITED: 'rate_limit_exceeded',
  OVERLOADED: 'provider_overloaded',
  UPSTREAM_UNAVAILABLE: 'provider_unavailable',
  DEADLINE_EXCEEDED: 'timeout',
};

/**
 * As OpenRouter's API answers: `{ error: { code, message, metadata: { error_type } } }`, the code being the
 * status. 402 is spent credit and a spent key alike: OpenRouter's own servers have had both 402 and 403 for
 * a key that reached its limit, and its SDK has a class of its own for 402.
 */
export const openrouter: Dialect = {
  name: 'OpenRouter',
  errorBody: z.object({
    error: z.object({
      code: z.int().meta({ description: 'HTTP status' }),
      message: z.string(),
      metadata: z.object({ error_type: z.string(), reason: z.string(), request_id: z.string() }),
    }),
  }),
  renderError: ({ code, status, message }: AppError, requestId) => ({
    status,
    body: {
      error: {
        code: status,
        message,
        metadata: {
          error_type: TYPES[code] ?? (status < 500 ? 'invalid_request' : 'server'),
          reason: code.toLowerCase(),
          request_id: requestId,
        },
      },
    },
  }),
  rateHeaders: ({ limit, remaining, resetS }) => ({
    'x-ratelimit-limit': String(limit),
    'x-ratelimit-remaining': String(remaining),
    // A time, in milliseconds since 1970.
    'x-ratelimit-reset': String(Date.now() + resetS * 1_000),
  }),
};
