import { propertiesOf } from './openapi-schema.js';
import type { Route } from './route.js';

const text = { type: 'string' };

/** Headers that metered calls read (`MeteredCalls`), as parameters. */
const METERED_PARAMETERS = {
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Makes the call safe to send again: the stored answer comes back, and is charged once. Keys never expire.',
    schema: { ...text, minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
  },
  Tier: {
    name: 'X-Tier',
    in: 'header',
    description: '`batch` is cheaper, and waits behind other calls.',
    schema: { ...text, enum: ['interactive', 'batch'] },
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description: '`wait=30`: seconds to wait for a model that is starting, 60 at most (RFC 7240).',
    schema: text,
  },
} as const;

const RESPONSE_HEADERS = {
  'x-request-id': 'Id of the request, as the log has it.',
  'retry-after': 'Seconds after which the same request may succeed.',
  'x-gigarouter-run': 'Id of the call in the account’s usage.',
  'x-gigarouter-cost': 'What the call cost, in US dollars.',
  'x-gigarouter-original-cost': 'What the call cost when it ran, in US dollars; of replays only.',
  'x-gigarouter-notice': 'What of the request has no effect here.',
  'idempotent-replayed': '`true`: the answer of an earlier call with the same key.',
  'server-timing': 'Where the time went, in milliseconds.',
  ratelimit: 'Calls left in the current window, and when it ends.',
  'ratelimit-policy': 'Calls that a window has.',
} as const satisfies Record<string, string>;

const COMMON = ['x-request-id'] as const;
const OF_METERED_CALLS = Object.keys(RESPONSE_HEADERS).filter((name) => name !== 'retry-after');

export const headerComponents = {
  parameters: METERED_PARAMETERS,
  headers: Object.fromEntries(
    Object.entries(RESPONSE_HEADERS).map(([name, description]) => [
      name,
      { description, schema: text },
    ]),
  ),
};

/** Parameters of a route in headers. */
export function headerParameters({ isMetered, headers }: Route): object[] {
  const { properties, required } = propertiesOf(headers);
  return [
    ...(isMetered === true
      ? Object.keys(METERED_PARAMETERS).map((name) => ({
          $ref: `#/components/parameters/${name}`,
        }))
      : []),
    ...Object.entries(properties).map(([name, schema]) => ({
      name,
      in: 'header',
      required: required.includes(name),
      schema,
    })),
  ];
}

/** Headers of an answer. */
export function headersOf({
  isMetered,
  retryAfter = false,
}: {
  readonly isMetered?: true;
  readonly retryAfter?: boolean;
}): object {
  const names = [
    ...(isMetered === true ? OF_METERED_CALLS : COMMON),
    ...(retryAfter ? ['retry-after'] : []),
  ];
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
