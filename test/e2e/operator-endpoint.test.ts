import { readFileSync } from 'node:fs';
import {
  buildSchema,
  getIntrospectionQuery,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { errorOf, postGraphQL } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { type Person, signInBrowser, signUp } from '../support/people.js';
import { bearer, newCaller, startPlatform, type TestPlatform } from '../support/platform.js';
import { until } from '../support/process.js';

/** Attack: somebody who runs nothing asks what those who run the platform can do, or does it. */
const OPERATOR = '/graphql/operator';
const WATCH = 'subscription { balanceChanged { balance { postedNanos } } }';
const SELF = '{ viewer { isOperator } operators { __typename } }';

const whole = buildSchema(readFileSync('schema.operator.graphql', 'utf8'));
const open = buildSchema(readFileSync('schema.graphql', 'utf8'));

/** Names of types, fields, arguments and enum values, as `Type.field`. */
function namesIn(schema: GraphQLSchema): Set<string> {
  return new Set(
    Object.values(schema.getTypeMap()).flatMap((type) => {
      const parts =
        isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)
          ? Object.keys(type.getFields())
          : isEnumType(type)
            ? type.getValues().map(({ name }) => name)
            : [];
      return [type.name, ...parts.map((part) => `${type.name}.${part}`)];
    }),
  );
}

const hidden = [...namesIn(whole)].filter((name) => !namesIn(open).has(name));
const hiddenTypes = hidden.filter((name) => !name.includes('.'));
const rootFields = hidden.filter((name) => /^(?:Query|Mutation)\./.test(name));

const outbox = temporaryFolder();
let t: TestPlatform;
let operator: Person;
let customer: Person;
let secret: string;
beforeAll(async () => {
  t = await startPlatform({ ...mailTo(outbox.path), introspection: false });
  operator = await newOperator(t, outbox.path);
  customer = await signUp({ url: t.url, outboxDir: outbox.path }, 'customer@example.org');
  ({ secret } = await newCaller(t, 1n, { scopes: ['INFERENCE', 'READ', 'BILLING', 'ADMIN'] }));
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

test('the whole schema is a superset of the public one, which has nothing for operators', () => {
  expect([...namesIn(open)].filter((name) => !namesIn(whole).has(name))).toEqual([]);
  expect(rootFields.length).toBeGreaterThan(40);
  const operatorsOnly = Object.values({ ...fieldsOf('Query'), ...fieldsOf('Mutation') })
    .filter(({ description }) => description?.endsWith('For operators.') === true)
    .map(({ name }) => name);
  expect(
    operatorsOnly.filter((name) => rootFields.every((at) => !at.endsWith(`.${name}`))),
  ).toEqual([]);
});

const fieldsOf = (name: string) => {
  const type = whole.getType(name);
  return isObjectType(type) ? type.getFields() : {};
};

describe('at /graphql', () => {
  const ask = (query: string) =>
    postGraphQL(t.url, { query }, bearer(operator.token), null, '/graphql');

  test.each(rootFields)('%s is a field that nobody knows', async (at) => {
    const [type = '', field = ''] = at.split('.');
    const { status, body } = await ask(`${type.toLowerCase()} { ${field} }`);
    expect([status, errorOf({ body })?.code]).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    expect(body.errors[0].message).toBe(`Cannot query field "${field}" on type "${type}".`);
  });

  test('a type for operators is unknown, also to fragments', async () => {
    for (const type of hiddenTypes) {
      const { body } = await ask(`{ node(id: "x") { ... on ${type} { __typename } } }`);
      expect(body.errors[0].message).toBe(`Unknown type "${type}".`);
    }
  });

  test('an object of such a type is no node', async () => {
    await t.database.query(
      `INSERT INTO stripe_event (endpoint, id, type, payload, dead_at) VALUES ('/w', 'evt_1', 'test', '{}', now())`,
    );
    const query = '{ node(id: "dead_STRIPE_EVENT:evt_1") { id } }';
    expect((await operator.gql(query)).body.data.node).not.toBeNull();
    expect((await ask(query)).body).toMatchObject({ data: { node: null } });
  });
});

test('suggestions of a server that shows its schema name nothing for operators', async () => {
  const shown = await startPlatform({ ...mailTo(outbox.path), introspection: true });
  try {
    for (const at of rootFields) {
      const [type = '', field = ''] = at.split('.');
      const query = `${type.toLowerCase()} { ${field}x }`;
      const { body } = await postGraphQL(shown.url, { query }, {}, null, '/graphql');
      const suggested = body.errors[0].message.split('Did you mean')[1] ?? '';
      for (const name of rootFields.map((one) => one.split('.')[1] ?? '')) {
        expect(suggested).not.toContain(`"${name}"`);
      }
    }
    const query = getIntrospectionQuery();
    const { body } = await postGraphQL(shown.url, { query }, {}, null, '/graphql');
    const names = body.data.__schema.types.map(({ name }: { name: string }) => name);
    expect(names.filter((name: string) => hiddenTypes.includes(name))).toEqual([]);
    const sdl = await (await fetch(`${shown.url}/schema.graphql`)).text();
    for (const type of hiddenTypes) expect(sdl).not.toMatch(new RegExp(`\\b${type}\\b`));
  } finally {
    await shown.stop();
  }
});

describe('at /graphql/operator', () => {
  const DOORS: Record<string, (headers: Record<string, string>) => Promise<Response>> = {
    query: (headers) => post(OPERATOR, SELF, headers),
    introspection: (headers) => post(OPERATOR, getIntrospectionQuery(), headers),
    'query that is not valid': (headers) => post(OPERATOR, '{ promoCode }', headers),
    'what everybody may': (headers) => post(OPERATOR, '{ tasks { slug } }', headers),
    GET: (headers) => fetch(`${t.url}${OPERATOR}?query=${encodeURIComponent(SELF)}`, { headers }),
    stream: (headers) => post(`${OPERATOR}/stream`, WATCH, headers),
  };
  const post = (path: string, query: string, headers: Record<string, string>) =>
    fetch(`${t.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });

  test.each(Object.keys(DOORS))('%s: operators only', async (door) => {
    const told = async (headers: Record<string, string>) => {
      const response = await DOORS[door]?.(headers);
      return [response?.status, errorOf({ body: await response?.json() })?.code];
    };
    expect(await told({})).toEqual([401, 'UNAUTHENTICATED']);
    expect(await told(bearer('gr-wrong'))).toEqual([401, 'UNAUTHENTICATED']);
    expect(await told(bearer(customer.token))).toEqual([403, 'FORBIDDEN']);
    expect(await told(bearer(secret))).toEqual([403, 'FORBIDDEN']);
  });

  test('an operator reads the schema, although the public one is not shown, and gets suggestions', async () => {
    const { body } = await operator.gql(getIntrospectionQuery());
    const names = body.data.__schema.types.map(({ name }: { name: string }) => name);
    expect(hiddenTypes.filter((name) => !names.includes(name))).toEqual([]);
    const { body: wrong } = await operator.gql('{ promoCode { nodes { code } } }');
    expect(wrong.errors[0].message).toContain('Did you mean "promoCodes"');
    const asked = await postGraphQL(t.url, { query: getIntrospectionQuery() }, bearer(secret));
    expect(errorOf(asked)?.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });

  test('a query by GET needs proof that it is no forgery, as at the public endpoint', async () => {
    const { cookie } = await signInBrowser(t.url, operator.email);
    const url = `${t.url}${OPERATOR}?query=${encodeURIComponent(SELF)}`;
    expect((await fetch(url, { headers: { cookie } })).status).toBe(400);
    const proven = await fetch(url, { headers: { cookie, 'apollo-require-preflight': 'true' } });
    expect(await proven.json()).toMatchObject({ data: { viewer: { isOperator: true } } });
  });

  test('browsers get the explorer, whose assets are where it says', async () => {
    const page = await fetch(`${t.url}${OPERATOR}`, { headers: { accept: 'text/html' } });
    const [, asset = ''] = /src="([^"]*explorer\.mjs)"/.exec(await page.text()) ?? [];
    expect((await fetch(new URL(asset, `${t.url}${OPERATOR}`))).status).toBe(200);
  });

  async function watch(token: string | undefined) {
    const events: unknown[] = [];
    let code: number | undefined;
    const client = createClient({
      url: `${t.url.replace('http', 'ws')}${OPERATOR}`,
      webSocketImpl: WebSocket,
      ...(token === undefined ? {} : { connectionParams: bearer(token) }),
      retryAttempts: 0,
      on: { closed: (event) => (code = (event as { code: number }).code) },
    });
    client.subscribe(
      { query: WATCH },
      { next: (event) => events.push(event), error: () => undefined, complete: () => undefined },
    );
    const end = await until('an event or an end', () => code ?? events[0]);
    await client.dispose();
    return end;
  }

  test('over WebSocket: operators only', async () => {
    expect(await watch(undefined)).toBe(4401);
    expect(await watch(customer.token)).toBe(4403);
    expect(await watch(secret)).toBe(4403);
    expect(await watch(operator.token)).toMatchObject({ data: { balanceChanged: {} } });
  });

  test('an operator who is none any more is refused at once', async () => {
    const former = await newOperator(t, outbox.path, 'former@example.org');
    expect((await former.gql(SELF)).status).toBe(200);
    await t.app.services.accounts.setOperator('former@example.org', false);
    expect((await former.gql(SELF)).status).toBe(403);
  });
});
