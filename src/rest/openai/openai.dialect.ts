import { z } from 'zod';
import type { AppError, ErrorCode } from '../../errors.js';
import type { Dialect } from '../dialect.js';

/** `error.type`, where it is not that of the status. */
const TYPES: Partial<Record<ErrorCode, string>> = {
  INSUFFICIENT_CREDIT: 'insufficient_quota',
  SPEND_CAP_REACHED: 'insufficient_quota',
  UNAUTHENTICATED: 'authentication_error',
  FORBIDDEN: 'permission_error',
  NOT_FOUND: 'not_found_error',
  RATE_LIMITED: 'rate_limit_error',
};

/** As OpenAI's API answers: `{ error: { message, type, param, code } }`. Spent credit is 402. */
export const openai: Dialect = {
  name: 'OpenAI',
  errorBody: z.object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable().meta({ description: 'Field that the error is about' }),
      code: z.string(),
      request_id: z.string(),
    }),
  }),
  renderError: (error, requestId) => ({
    status: error.status,
    body: { error: { ...describe(error), request_id: requestId } },
  }),
  rateHeaders: ({ limit, remaining, resetS }) => ({
    'x-ratelimit-limit-requests': String(limit),
    'x-ratelimit-remaining-requests': String(remaining),
    'x-ratelimit-reset-requests': `${String(resetS)}s`,
  }),
};

function describe({ code, message, status, details }: AppError) {
  const argument = details?.argument;
  return {
    message,
    type: TYPES[code] ?? (status < 500 ? 'invalid_request_error' : 'server_error'),
    param: typeof argument === 'string' ? argument : null,
    code: code.toLowerCase(),
  };
}
