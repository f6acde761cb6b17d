import { readFileSync } from 'node:fs';
import path from 'node:path';
import { encodeRequest } from '../../src/predictor/protocol.js';
import { badFraming, reframed, request, type Sample } from './broken-http.js';
import { webSocket } from './broken-web-socket.js';
import { DEMO_MODEL } from './platform.js';
import { Random } from './random.js';

const PICTURE = readFileSync(path.resolve('models/demo-shapes/samples/green-heart.png'));
const STATUS = 'subscription { modelStatusChanged { slug } }';
const JSON_TYPE = 'Content-Type: application/json';
const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded';

/** What is asked of the api. @param known what an account has */
export function apiSamples(known: { readonly secret: string; readonly fileId: string }): Sample[] {
  const { secret, fileId } = known;
  const key = `Authorization: Bearer ${secret}`;
  const graphql = (query: string) => JSON.stringify({ query });
  const whole = [
    sample('POST /graphql', [JSON_TYPE], graphql('{ models(first: 2) { totalCount } }')),
    sample('POST /graphql', [JSON_TYPE, key], graphql('{ account { balance { postedNanos } } }')),
    sample('POST /graphql', [JSON_TYPE, key], ' '.repeat(300_000)),
    sample('POST /graphql', [JSON_TYPE], ' '.repeat(300_000)),
    sample(
      'POST /v1/embeddings',
      [JSON_TYPE, key],
      JSON.stringify({ model: DEMO_MODEL, input: ['red', 'blue'] }),
    ),
    sample(
      'POST /v1/chat/completions',
      [JSON_TYPE, key],
      JSON.stringify({
        model: DEMO_MODEL,
        stream: true,
        messages: [{ role: 'user', content: 'x' }],
      }),
    ),
    sample('POST /v1/files', [key, 'Content-Type: image/png'], PICTURE),
    sample('POST /v1/files', [key, 'Content-Type: application/octet-stream'], Buffer.alloc(90_000)),
    sample('POST /v1/files', [key, MULTIPART], uploadForm(PICTURE)),
    sample('POST /v1/files', [key, MULTIPART], uploadForm(Buffer.alloc(200_000, '{}\n'), 'batch')),
    sample('POST /v1/files', [MULTIPART], uploadForm(PICTURE)),
    sample(`POST /v1/inference/${DEMO_MODEL}`, [key, MULTIPART], callForm()),
    sample(`POST /v1/inference/${DEMO_MODEL}`, [MULTIPART], callForm()),
    sample(`GET /v1/files/${fileId}/content`, [key], ''),
    sample(
      'GET /v1/usage/export?from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z&interval=HOUR',
      [key],
      '',
    ),
    sample('POST /webhooks/stripe', [JSON_TYPE, 'Stripe-Signature: t=1,v1=00'], '{"id":"evt_1"}'),
    sample('POST /auth/verify-email', [FORM_TYPE], 'token=x'),
    sample('POST /api/auth/sign-out', [JSON_TYPE], '{}'),
    sample('GET /api/auth/get-session', ['Cookie: gigarouter.session_token=x.y'], ''),
    sample('GET /docs/static/index.css', [], ''),
  ];
  const streams = [
    sample('POST /graphql/stream', [JSON_TYPE], graphql(STATUS)),
    sample(`GET /graphql/stream?query=${encodeURIComponent(STATUS)}`, [], ''),
    sample(
      'POST /graphql/stream',
      [JSON_TYPE, key],
      graphql('subscription { balanceChanged { balance { postedNanos } } }'),
    ),
  ];
  const sockets = [
    webSocket('/graphql', []),
    webSocket('/graphql', [key]),
    webSocket('/v1/models', []),
  ];
  const framing = badFraming(HEADS, [JSON_TYPE, key, MULTIPART]);
  return [
    ...whole,
    ...whole.map(reframed),
    ...streams,
    ...streams,
    ...sockets,
    ...sockets,
    ...sockets,
    framing,
    framing,
    framing,
    framing,
    framing,
    framing,
    framing,
    framing,
  ];
}

/** What has frames of its own, to be cut anywhere in them. */
export function cutSamples({ secret }: { readonly secret: string }): ReturnType<Sample>[] {
  const key = `Authorization: Bearer ${secret}`;
  const random = new Random(7);
  const small = PICTURE.subarray(0, 100);
  const samples: Sample[] = [
    sample('POST /v1/files', [key, MULTIPART], uploadForm(small)),
    reframed(sample('POST /v1/files', [key, MULTIPART], uploadForm(small))),
    sample('POST /v1/files', [key, 'Content-Type: image/png'], small),
    sample(`POST /v1/inference/${DEMO_MODEL}`, [key, MULTIPART], callForm()),
    sample('POST /graphql/stream', [JSON_TYPE], JSON.stringify({ query: STATUS })),
    webSocket('/graphql', [key]),
    webSocket('/graphql', []),
    reframed(sample('POST /graphql', [JSON_TYPE], JSON.stringify({ query: '{ __typename }' }))),
  ];
  // Each twice: once reset, once half-closed.
  return samples.flatMap((one) => {
    const whole = one(random);
    return [whole, whole];
  });
}

/** What is asked of a predictor that serves `graph`. */
export function predictorSamples(graph: string): Sample[] {
  const data = BigInt64Array.from({ length: 32 }, () => 1n);
  const input = { type: 'int64', shape: [1, 32], data } as const;
  const { body, headers } = encodeRequest('input_ids', input, 5_000);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const infer = sample(`POST /v2/models/${graph}/infer`, lines, body);
  const lie = sample(
    `POST /v2/models/${graph}/infer`,
    ['inference-header-content-length: 999999', 'Content-Type: application/octet-stream'],
    body,
  );
  const asked = sample(`POST /v2/models/${graph}/infer`, [JSON_TYPE], '{"inputs":[{}]}');
  const heads = [`POST /v2/models/${graph}/infer`, 'GET /v2', 'GET /v2/health/ready', 'GET /none'];
  return [
    infer,
    infer,
    reframed(infer),
    lie,
    reframed(lie),
    asked,
    badFraming(heads, lines),
    badFraming(heads, lines),
  ];
}

/** What is asked of the double of Stripe. */
export function stripeSamples(): Sample[] {
  const key = 'Authorization: Bearer sk_test_double';
  const customer = sample('POST /v1/customers', [key, FORM_TYPE], 'name=Jo&metadata[a]=1');
  const session = sample(
    'POST /v1/checkout/sessions',
    [key, FORM_TYPE],
    'mode=payment&line_items[0][quantity]=1&line_items[0][price_data][currency]=usd',
  );
  const page = sample('POST /c/pay/cs_test_none', [FORM_TYPE], 'act=pay&card=4242');
  const list = sample('GET /v1/customers?limit=3', [key], '');
  const heads = ['POST /v1/customers', 'GET /', 'POST /', 'GET /v1/events', 'POST /p/x'];
  return [
    customer,
    reframed(customer),
    session,
    reframed(session),
    page,
    list,
    badFraming(heads, [key]),
    badFraming(heads, [FORM_TYPE]),
  ];
}

/** What is asked of the mail viewer. */
export function mailViewerSamples(): Sample[] {
  const heads = ['GET /', 'HEAD /', 'POST /', 'GET /mails/dlv_none', 'POST /mails/x', 'GET /%ff'];
  return [
    sample('GET /', [], ''),
    sample('GET /mails/dlv_none', [], ''),
    reframed(sample('POST /', [JSON_TYPE], '{"a":1}')),
    badFraming(heads, []),
    badFraming(heads, [JSON_TYPE]),
  ];
}

export const HEADS = [
  'GET /v1/models',
  'GET /graphql',
  'POST /graphql',
  'PUT /graphql',
  'GET /graphql/stream',
  'POST /graphql/stream',
  'GET /none',
  'POST /none',
  'POST /v1/embeddings',
  'POST /v1/files',
  'GET /v1/files',
  `POST /v1/inference/${DEMO_MODEL}`,
  `POST /v2/models/${DEMO_MODEL}/infer`,
  'POST /webhooks/stripe',
  'POST /api/auth/sign-in/email',
  'GET /docs/static/%2e%2e/x',
  'GET /%ff',
  'HEAD /healthz',
  'OPTIONS *',
  'CONNECT x:443',
  'PRI *',
  'GET http://x/v1/models',
  'DELETE /v1/files/file_x',
  '\0 /',
  'GET',
];

const BOUNDARY = 'the-boundary';
const MULTIPART = `Content-Type: multipart/form-data; boundary=${BOUNDARY}`;

function sample(head: string, headers: readonly string[], body: Buffer | string): Sample {
  const bytes = request(head, headers, body);
  return () => ({ name: `${head} (${String(bytes.length)} bytes)`, bytes });
}

function uploadForm(file: Buffer, purpose = 'vision'): Buffer {
  return form([
    ['name="purpose"', purpose],
    ['name="file"; filename="a.png"\r\nContent-Type: image/png', file],
    ['name="__proto__"', 'x'],
  ]);
}

function callForm(): Buffer {
  return form([
    ['name="candidate_labels"', '["cat","dog"]'],
    ['name="image"; filename="a.png"\r\nContent-Type: image/png', PICTURE],
  ]);
}

function form(
  parts: readonly (readonly [disposition: string, content: Buffer | string])[],
): Buffer {
  return Buffer.concat([
    ...parts.flatMap(([disposition, content]) => [
      Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${BOUNDARY}--\r\n`),
  ]);
}
