import { z } from 'zod';
import { EXAMPLE_IMAGE } from '../../src/rest/example-image.js';
import type { Route } from '../../src/rest/route.js';
import { createRoutes, type RestServices } from '../../src/rest/routes.js';
import { type Ask, type Neighbors, startNeighbors } from '../support/isolation.js';
import type { Kind } from '../support/owned-objects.js';
import { DEMO_MODEL } from '../support/platform.js';

/** What to send so that an object is named there, or why it names nothing of an account’s. */
type Named =
  | {
      readonly kind: Kind;
      /** A place in a list: its owner’s answer need not differ from one for an absent id. */
      readonly place?: true;
      readonly query?: (id: string) => Record<string, string>;
      readonly body?: (id: string) => object;
    }
  | { readonly nothing: string };

const byLabelSet: Named = {
  kind: 'labelSet',
  body: (id) => ({ model: DEMO_MODEL, input: EXAMPLE_IMAGE, label_set: id }),
};
const byFileId: Named = {
  kind: 'upload',
  body: (id) => ({
    model: DEMO_MODEL,
    input: [{ role: 'user', content: [{ type: 'input_image', file_id: id }] }],
    text: {
      format: { type: 'json_schema', name: 'x', schema: { type: 'string', enum: ['cat', 'dog'] } },
    },
  }),
};
const after = (id: string) => ({ after: id });
const NO_ANSWERS = { nothing: 'answers are not kept, and none can be named' };
const CALLERS_OWN = { nothing: 'the caller’s own name for its request, given back' };

/** I15, route by route. A parameter that is new has to be entered here. */
const PARAMETERS: Readonly<Record<string, Named>> = {
  'POST /v1/classify body.label_set': byLabelSet,
  'POST /classify body.label_set': byLabelSet,
  'POST /v1/responses body.input.content.file_id': byFileId,
  'POST /v1/responses body.previous_response_id': NO_ANSWERS,
  'POST /api/v1/responses body.input.content.file_id': byFileId,
  'POST /api/v1/responses body.previous_response_id': NO_ANSWERS,
  'GET /v1/files query.after': { kind: 'upload', place: true, query: after },
  'GET /v1/files/:id params.id': { kind: 'upload' },
  'GET /v1/files/:id/content params.id': { kind: 'upload' },
  'DELETE /v1/files/:id params.id': { kind: 'upload' },
  'POST /v1/batches body.input_file_id': {
    kind: 'batchInput',
    body: (id) => ({
      input_file_id: id,
      endpoint: '/v1/embeddings',
      completion_window: '24h',
    }),
  },
  'GET /v1/batches query.after': { kind: 'batch', place: true, query: after },
  'GET /v1/batches/:id params.id': { kind: 'batch' },
  'POST /v1/batches/:id/cancel params.id': { kind: 'batch' },
  'GET /api/v1/keys/:hash params.hash': { kind: 'key' },
  'PATCH /api/v1/keys/:hash params.hash': { kind: 'key', body: () => ({ name: 'taken over' }) },
  'DELETE /api/v1/keys/:hash params.hash': { kind: 'key' },
  'GET /api/v1/generation query.id': { kind: 'run', query: (id) => ({ id }) },
  'POST /hf-inference/billing body.requestIds': {
    kind: 'run',
    body: (id) => ({ requestIds: [id] }),
  },
  'POST /v2/models/:model/infer body.id': CALLERS_OWN,
  'POST /v2/models/:owner/:name/infer body.id': CALLERS_OWN,
  'POST /v2/models/:model/versions/:version/infer body.id': CALLERS_OWN,
  'POST /v2/models/:owner/:name/versions/:version/infer body.id': CALLERS_OWN,
};

/** Names of parameters that may name an object. */
const ID = /\.(?:id|hash|after|label_set|\w+_id|\w+Ids?)$/;

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
}

/** Names of all parts; lists and alternatives are looked into. */
function namesIn(
  { properties = {}, items, anyOf = [], oneOf = [] }: JsonSchema,
  at: string,
): string[] {
  const parts = Object.entries(properties).flatMap(([name, inner]) => [
    `${at}.${name}`,
    ...namesIn(inner, `${at}.${name}`),
  ]);
  const others = [...(items === undefined ? [] : [items]), ...anyOf, ...oneOf];
  return [...parts, ...others.flatMap((inner) => namesIn(inner, at))];
}

const routes = createRoutes({} as RestServices);
const found = routes.flatMap((route) => {
  const names = (['params', 'query', 'body'] as const).flatMap((part) => {
    const schema = route[part];
    if (schema === undefined) return [];
    return namesIn(
      z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema,
      part,
    );
  });
  return [...new Set(names)]
    .filter((at) => ID.test(at))
    .map((at) => ({ name: `${route.method} ${route.url} ${at}`, route }));
});

let n: Neighbors;
beforeAll(async () => {
  n = await startNeighbors();
});
afterAll(() => n.stop());

/** Sends a request; ids stand where the address has a parameter. */
async function send(
  { method, url }: Pick<Route, 'method' | 'url'>,
  headers: Record<string, string>,
  {
    address = url,
    query = {},
    body,
  }: { address?: string; query?: Record<string, string>; body?: object | undefined },
) {
  const search = new URLSearchParams(query).toString();
  const response = await fetch(`${n.t.url}${address}${search === '' ? '' : `?${search}`}`, {
    method,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.text() };
}

test('every parameter that may name an object is entered in the table, and no other', () => {
  expect(found.map(({ name }) => name).sort()).toEqual(Object.keys(PARAMETERS).sort());
});

const attacks = found.flatMap(({ name, route }) => {
  const named = PARAMETERS[name];
  return named === undefined || 'nothing' in named ? [] : [{ name, route, named }];
});

test.each(attacks)('$name: another account’s id is as one that nobody has', ({ route, named }) =>
  n.expectIsolated({
    kind: named.kind,
    asOperator: false,
    isPlace: named.place === true,
    as:
      (headers): Ask =>
      (id) =>
        send(route, headers, {
          address: route.url.replace(/:\w+/, id),
          query: named.query?.(id) ?? {},
          body: named.body?.(id),
        }),
  }),
);

const [owner = '', name = ''] = DEMO_MODEL.split('/');
/** Of the demo model. */
const addressOf = ({ url }: Route) =>
  url
    .replace('*', DEMO_MODEL)
    .replace(':model', encodeURIComponent(DEMO_MODEL))
    .replace(':owner', owner)
    .replace(':name', name)
    .replace(':version', '1');

/** Where an image is asked for, a file may be named: each example that shows one is such a place. */
const images = routes.flatMap((route) =>
  (route.examples ?? []).flatMap(({ summary, query = {}, body }) => {
    const text = JSON.stringify(body) as string | undefined;
    if (text?.includes(EXAMPLE_IMAGE) !== true) return [];
    return [
      {
        name: `${route.method} ${route.url}: ${summary}`,
        route,
        address: addressOf(route),
        query,
        text,
      },
    ];
  }),
);

test.each(images)(
  '$name: another account’s file is as one that nobody has',
  ({ route, address, query, text }) =>
    n.expectIsolated({
      kind: 'upload',
      asOperator: false,
      isPlace: false,
      as:
        (headers): Ask =>
        (id) =>
          send(route, headers, {
            address,
            query,
            body: JSON.parse(text.replaceAll(EXAMPLE_IMAGE, id)) as object,
          }),
    }),
);
