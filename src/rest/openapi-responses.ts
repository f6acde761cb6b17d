import { AppError, ERROR_CODES, type ErrorCode } from '../errors.js';
import type { Dialect } from './dialect.js';
import { headersOf } from './openapi-headers.js';
import { schemaOf } from './openapi-schema.js';
import type { Route } from './route.js';

/** Errors of every route: a path or query that cannot be read, a wrong key, load, and faults of ours. */
const ALWAYS: readonly ErrorCode[] = [
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'INTERNAL',
  'OVERLOADED',
  'UPSTREAM_UNAVAILABLE',
];

const OF_BODIES: readonly ErrorCode[] = [
  'REQUEST_TIMEOUT',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
];

const OF_METERED_CALLS: readonly ErrorCode[] = [
  'INSUFFICIENT_CREDIT',
  'NOT_FOUND',
  'MODEL_NOT_LIVE',
  'IDEMPOTENCY_IN_FLIGHT',
  'IDEMPOTENCY_MISMATCH',
  'DEADLINE_EXCEEDED',
];

/** The answer of a route, and its errors by status, as references to `errorComponents`. */
export function responsesOf(one: Route): object {
  const { status = 200, answer, dialect } = one;
  const answers = Object.entries(one.answers ?? { 'application/json': answer });
  return {
    [String(status)]: {
      description: 'The answer.',
      headers: headersOf(one),
      content: Object.fromEntries(
        answers.map(([type, schema]) => [type, { schema: schemaOf(schema, 'output') }]),
      ),
    },
    ...Object.fromEntries(
      statusesOf(one).map((code) => [
        String(code),
        { $ref: `#/components/responses/${nameOf(dialect)}${String(code)}` },
      ]),
    ),
  };
}

/** Statuses of a route's errors in its dialect, in order. */
function statusesOf(one: Route): number[] {
  const codes = [
    ...ALWAYS,
    ...(one.body === undefined ? [] : OF_BODIES),
    ...(one.params === undefined ? [] : (['NOT_FOUND'] as const)),
    ...(one.isMetered === true ? OF_METERED_CALLS : []),
    ...(one.method === 'GET' ? [] : (['INSUFFICIENT_STORAGE'] as const)),
    ...(one.errors ?? []),
  ];
  return [...new Set(codes.map((code) => statusOf(one.dialect, code)))].sort((a, b) => a - b);
}

/** Components of the document for the errors of routes: a schema for each dialect, a response for each status. */
export function errorComponents(routes: readonly Route[]) {
  const schemas: Record<string, object> = {};
  const responses: Record<string, object> = {};
  for (const one of routes) {
    const { dialect } = one;
    const name = nameOf(dialect);
    schemas[`${name}Error`] ??= schemaOf(dialect.errorBody, 'output');
    for (const status of statusesOf(one)) {
      responses[`${name}${String(status)}`] ??= errorResponse(dialect, status);
    }
  }
  return { schemas, responses };
}

function errorResponse(dialect: Dialect, status: number): object {
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter(
    (code) => !isOfGraphQL(code) && statusOf(dialect, code) === status,
  );
  const [first = 'INTERNAL'] = codes;
  const { body, contentType } = dialect.renderError(example(first), 'req_5f0c2a000001');
  return {
    description: `${codes.map((code) => code.toLowerCase()).join(', ')}, as clients of ${dialect.name} read it.`,
    headers: headersOf({ retryAfter: [429, 503, 504].includes(status) }),
    content: {
      [contentType?.split(';', 1)[0] ?? 'application/json']: {
        schema: { $ref: `#/components/schemas/${nameOf(dialect)}Error` },
        example: body,
      },
    },
  };
}

function isOfGraphQL(code: ErrorCode): boolean {
  return /^(GRAPHQL|PERSISTED)_|^QUERY_TOO_COMPLEX$|^NOT_ACCEPTABLE$/.test(code);
}

function statusOf(dialect: Dialect, code: ErrorCode): number {
  return dialect.renderError(example(code), '').status;
}

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  INSUFFICIENT_CREDIT: 'The account has no credit left for this call.',
  UNAUTHENTICATED: 'Not signed in. Send a key as "authorization: Bearer gr-…".',
};

function example(code: ErrorCode): AppError {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return new AppError(
    code,
    MESSAGES[code] ?? `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`,
  );
}

/** `HuggingFace` */
function nameOf({ name }: Dialect): string {
  return name.replace(/^the /, '').replace(/\W/g, '');
}
