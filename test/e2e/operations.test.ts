import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { until } from '../support/process.js';

const TOKEN = 'a-token-of-enough-length';
const SIGLIP = 'timm/ViT-SO400M-14-SigLIP-384';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ env: { METRICS_TOKEN: TOKEN, INTROSPECTION: 'false' } });
});
afterAll(() => t.stop());

const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${t.url}${path}`, { headers });
const metrics = async () => (await get('/metrics', { authorization: `Bearer ${TOKEN}` })).text();

test('/healthz says that the process runs, and nothing may keep that', async () => {
  const response = await get('/healthz');
  expect([response.status, await response.json()]).toEqual([200, { status: 'alive' }]);
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('/readyz is 503 with the reason while the database is read-only, and ready again after it', async () => {
  const name = new URL(t.database.url).pathname.slice(1);
  const alter = (change: string) =>
    t.database.query(`BEGIN; SET TRANSACTION READ WRITE; ALTER DATABASE ${name} ${change}; COMMIT`);
  await alter('SET default_transaction_read_only = on');
  await t.database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'gigarouter'`,
    [name],
  );
  const response = await until('it to be not ready', async () => {
    const answer = await get('/readyz');
    const body = await answer.text();
    // At first a connection that was just ended may be all that is told of.
    return answer.status === 503 && body.includes('read-only') ? body : undefined;
  });
  expect(JSON.parse(response)).toMatchObject({ error: { code: 'UPSTREAM_UNAVAILABLE' } });
  expect((await t.gql('{ tasks { task } }')).status).toBe(200);
  await alter('RESET default_transaction_read_only');
  // Though connections of that time are still in the pool.
  await until('it to be ready', async () =>
    (await get('/readyz')).status === 200 ? true : undefined,
  );
});

test('anybody may flood /readyz: however many ask at the same time, the database is asked by one', async () => {
  const { metrics: counts, server } = t.app;
  const before = counts.statementCount();
  const asks = Array.from({ length: 200 }, () => server.inject('/readyz'));
  const statuses = (await Promise.all(asks)).map(({ statusCode }) => statusCode);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(counts.statementCount() - before).toBeLessThan(20);
});

test('/readyz says ready, and names the migrations when some are missing', async () => {
  expect(await (await get('/readyz')).json()).toEqual({ status: 'ready' });

  const [last] = await t.database.query<{ migration_name: string }>(
    'DELETE FROM _prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM _prisma_migrations) RETURNING migration_name',
  );
  const response = await get('/readyz');
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    error: { code: 'UPSTREAM_UNAVAILABLE', details: { pending: [last?.migration_name] } },
  });
  expect(response.headers.get('retry-after')).toBe('1');
});

describe('/metrics', () => {
  test.each([
    ['nothing', {}],
    ['another token', { authorization: 'Bearer another-token-of-length' }],
    ['the token without its scheme', { authorization: TOKEN }],
  ])('refuses %s', async (_name, headers) => {
    const response = await get('/metrics', headers);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
  });

  test('counts requests by route and operations by root field', async () => {
    await t.gql('{ tasks { task } }');
    await t.gql('{ nothing }');
    await get('/nowhere');
    const text = await metrics();
    expect(text).toMatch(
      /gigarouter_http_request_duration_seconds_count\{route="\/graphql",method="POST",status="200"\} \d/,
    );
    expect(text).toMatch(/duration_seconds_count\{route="unknown",method="GET",status="404"\} \d/);
    expect(text).toMatch(
      /gigarouter_graphql_operation_duration_seconds_count\{operation="tasks",outcome="ok"\} \d/,
    );
    expect(text).toMatch(
      /operation_duration_seconds_count\{operation="refused",outcome="error"\} \d/,
    );
    expect(text).toMatch(/nodejs_eventloop_lag_p99_seconds \S/);
    expect(text).toMatch(/gigarouter_db_connections\{state="idle"\} \d/);
    expect(text).toMatch(/gigarouter_db_statements_total [1-9]/);
  });

  test('never takes a label from what callers send', async () => {
    await get('/secret-path-of-a-caller');
    await t.gql('query SecretName { __typename }');
    expect(await metrics()).not.toMatch(/secret/i);
  });
});

describe('a request id', () => {
  const send = (id: string) =>
    fetch(`${t.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': id },
      body: '{"query":"{ nothing }"}',
    });

  test('is in the header, the error and the log', async () => {
    const response = await send('caller-chosen-1');
    expect(response.headers.get('x-request-id')).toBe('caller-chosen-1');
    expect(await response.json()).toMatchObject({
      errors: [{ extensions: { requestId: 'caller-chosen-1' } }],
    });
    expect(t.log.some((line) => line.includes('"requestId":"caller-chosen-1"'))).toBe(true);
  });

  test.each(['short', 'x'.repeat(65), 'with space', '<script>'])(
    'of a caller is replaced when it could do harm: %s',
    async (id) => {
      const given = (await send(id)).headers.get('x-request-id');
      expect(given).toMatch(/^req_\w+$/);
    },
  );
});

test('without introspection the schema stays hidden, also in suggestions', async () => {
  const asked = await t.gql('{ __schema { types { name } } }');
  expect(errorOf(asked)).toMatchObject({
    code: 'GRAPHQL_VALIDATION_FAILED',
    validationErrorCode: 'INTROSPECTION_DISABLED',
  });
  expect(errorOf(asked)?.message).toContain('INTROSPECTION=true');
  const misspelt = await t.gql('{ task { task } }');
  expect(errorOf(misspelt)?.message).not.toContain('tasks');
});

test.each([
  [{ cookie: 'session=hush-hush' }, 'operation'],
  [{ cookie: 'session=hush-hush', authorization: `Bearer gr-${'hush'.repeat(12)}` }, 'code'],
])('a request is one line of allowed fields, without what was sent: %j', async (sent, field) => {
  const before = t.log.length;
  await fetch(`${t.url}/graphql?token=hush-hush`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...sent } as Record<string, string>,
    body: JSON.stringify({
      query: `{ model(slug: "${SIGLIP}") { name } }`,
      variables: { x: 'hush-hush' },
    }),
  });
  const lines = t.log.slice(before);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('hush');
  expect(Object.keys(JSON.parse(lines[0] ?? '') as object).sort()).toEqual(
    [
      ...['durationMs', 'ipAddress', 'level', 'method', 'msg', field],
      ...['requestId', 'route', 'status', 'time'],
    ].sort(),
  );
});

test('an error that nobody foresaw shows nothing of itself, and its cause is in the log', async () => {
  await t.database.query('ALTER TABLE model RENAME COLUMN summary TO was_summary');
  try {
    const { status, body } = await t.gql(`{ model(slug: "${SIGLIP}") { summary } }`);
    // The answer has its `data`: the field is null.
    expect([status, body.data]).toEqual([200, { model: null }]);
    expect(codeOf({ body })).toBe('INTERNAL');
    expect(JSON.stringify(body)).not.toMatch(/was_summary|SELECT|\.ts|prisma/i);
    const line = t.log.find(
      (one) =>
        one.includes('"level":"error"') && one.includes(String(errorOf({ body })?.requestId)),
    );
    expect(line).toContain('summary');
  } finally {
    await t.database.query('ALTER TABLE model RENAME COLUMN was_summary TO summary');
  }
});
