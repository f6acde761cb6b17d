import { newId } from '../../src/platform/ids.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';
import { until } from '../support/process.js';
import { callRest } from '../support/rest.js';
import { insertRuns, type PastRun } from '../support/usage.js';

let t: TestApp;
let caller: Caller;
const START = Date.UTC(2025, 2, 29, 22);
const HOUR_MS = 3_600_000;

beforeAll(async () => {
  t = await startTestApp({ background: false });
  caller = await newCaller(t, 0n);
  const other = await newCaller(t, 0n);
  const run = (n: number, more: Partial<PastRun> = {}): PastRun => ({
    id: newId('run'),
    accountId: caller.accountId,
    model: n % 2 === 0 ? 'a/small' : '=HYPERLINK("http://evil.example")',
    operation: 'classifyImage',
    keyId: null,
    userId: 'usr_1',
    errorCode: null,
    isBatch: false,
    chargedNanos: 12_345_678_901,
    images: 2,
    imagesRan: 1,
    endedAt: new Date(START + n * HOUR_MS),
    latencyMs: 10,
    ...more,
  });
  const others = [run(1, { accountId: other.accountId, model: 'not/yours' })];
  await insertRuns(t.database, [...Array.from({ length: 60 }, (_, n) => run(n)), ...others]);
});
afterAll(() => t.stop());

const address = (more: Record<string, string> = {}) =>
  `/v1/usage/export?${new URLSearchParams({
    from: '2025-03-29T00:00:00Z',
    to: '2025-04-02T00:00:00Z',
    timeZone: 'Europe/Berlin',
    groupBy: 'MODEL',
    ...more,
  }).toString()}`;

/** A connection of its own: one that was opened and never used would hold up the end of the server. */
const headers = () => ({ ...bearer(caller.secret), connection: 'close' });

async function download(more: Record<string, string> = {}): Promise<Response> {
  return fetch(t.url + address(more), { headers: headers() });
}

test('a file of lines has what the query has, in the order of time', async () => {
  const response = await download({ format: 'ndjson', models: 'a/small' });
  expect(response.headers.get('content-type')).toContain('application/x-ndjson');
  const lines = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const { body } = await caller.gql(
    `{
             account {
               usage(range: { from: "2025-03-29T00:00:00Z", to: "2025-04-02T00:00:00Z" }, timeZone: "Europe/Berlin", groupBy: [MODEL], filter: { models: ["a/small"] }) {
                 series {
                   group { model: modelSlug }
                   points { from to metrics { calls errors chargedNanos latencyMs { p50 } } }
                 }
               }
             }
           }`,
  );
  const [{ group, points }] = body.data.account.usage.series;
  expect(lines.length).toBe(4);
  expect(
    lines.map(({ from, to, model, calls, errors, charged_nanos, latency_p50_ms }) => ({
      from,
      to,
      model,
      metrics: { calls, errors, chargedNanos: charged_nanos, latencyMs: { p50: latency_p50_ms } },
    })),
  ).toEqual(
    points
      .filter(({ metrics }: { metrics: { calls: number } }) => metrics.calls > 0)
      .map((point: object) => ({ ...point, ...group })),
  );
  // The day on which summer began has 23 hours.
  expect(lines[1]).toMatchObject({
    from: '2025-03-29T23:00:00.000Z',
    to: '2025-03-30T22:00:00.000Z',
  });
});

test('a table has a header, exact money, and nothing that a spreadsheet would run', async () => {
  const response = await download();
  expect(response.headers.get('content-type')).toContain('text/csv');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="usage.csv"');
  const [header, ...lines] = (await response.text()).trimEnd().split('\r\n');
  expect(header).toBe(
    'from,to,model,calls,errors,charged_nanos,images_requested,images_ran,label_texts_requested,label_texts_ran,embeddings_requested,embeddings_ran,latency_p50_ms,latency_p95_ms,latency_p99_ms',
  );
  expect(lines.length).toBe(7);
  expect(lines.filter((line) => line.includes('HYPERLINK'))).toHaveLength(3);
  for (const line of lines) expect(line).not.toMatch(/(^|,)"?[=+@]/);
  const charged = lines.reduce((sum, line) => sum + BigInt(/,0,(\d+),/.exec(line)?.[1] ?? 0), 0n);
  expect(charged).toBe(60n * 12_345_678_901n);
});

test('an export without a call is a header alone', async () => {
  const text = await (await download({ models: 'no/such' })).text();
  expect(text.trimEnd().split('\r\n')).toHaveLength(1);
  expect(text).toMatch(/^from,to,model,calls/);
});

test.each([
  [{ format: 'xlsx' }, 'format'],
  [{ from: 'yesterday' }, 'from'],
  [{ to: '2025-03-29T00:00:00Z' }, 'range'],
  [{ to: '3025-03-29T00:00:00Z' }, 'range'],
  [{ timeZone: 'Mars/Olympus' }, 'timeZone'],
  [{ groupBy: 'MODEL,MODEL' }, 'groupBy'],
  [{ groupBy: 'COLOR' }, 'groupBy.0'],
  [{ statuses: '' }, 'filter'],
])('%j is refused before anything is sent', async (more, param) => {
  const { status, body } = await callRest(t.url, 'GET', address(more), {
    secret: caller.secret,
  });
  expect([status, body.error.param]).toEqual([400, param]);
});

test('nobody gets it without a key that may read', async () => {
  expect((await callRest(t.url, 'GET', address())).status).toBe(401);
  const { secret } = await newCaller(t, 0n, { scopes: ['INFERENCE'] });
  expect((await callRest(t.url, 'GET', address(), { secret })).status).toBe(403);
});

test('whoever leaves stops the reading: the statements of two years of hours are not all sent', async () => {
  const many = { from: '2025-03-29T00:00:00Z', to: '2027-03-29T00:00:00Z', interval: 'HOUR' };
  const leaving = new AbortController();
  const before = t.app.metrics.statementCount();
  const response = await fetch(t.url + address({ ...many, format: 'ndjson' }), {
    headers: headers(),
    signal: leaving.signal,
  });
  expect(response.status).toBe(200);
  leaving.abort();
  let last = -1;
  await until('the reading to stop', () => {
    const now = t.app.metrics.statementCount();
    const stands = now === last;
    last = now;
    return stands ? true : undefined;
  });
  // All of it takes 730 of them.
  expect(t.app.metrics.statementCount() - before).toBeLessThan(365);
});
