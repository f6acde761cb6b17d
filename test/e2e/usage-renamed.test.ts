import { newId } from '../../src/platform/ids.js';
import { runChecks } from '../../src/platform/checks.js';
import { USAGE_CHECKS } from '../../src/usage/usage-checks.sql.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import type { Person } from '../support/people.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';
import { insertRuns, type PastRun } from '../support/usage.js';

const outbox = temporaryFolder();
let t: TestApp;
let operator: Person;
let caller: Caller;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A midnight of the past week, UTC. */
const START = Math.floor(Date.now() / DAY_MS) * DAY_MS - 5 * DAY_MS;
const range = {
  from: new Date(START - 12 * HOUR_MS).toISOString(),
  to: new Date(START + 3 * DAY_MS).toISOString(),
};

beforeAll(async () => {
  t = await startTestApp({ seeded: false, config: mailTo(outbox.path) });
  operator = await newOperator(t, outbox.path);
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});
beforeEach(async () => {
  caller = await newCaller(t, 1_000_000_000n);
});

let count = 0;
/** A new model. @returns its slug and id */
async function model(): Promise<{ slug: string; id: string }> {
  count += 1;
  const slug = `old/name-${String(count)}`;
  const input = { slug, name: 'Model', task: 'FEATURE_EXTRACTION', summary: 'A model.' };
  const { createModel } = await operate(
    'mutation ($input: CreateModelInput!) { createModel(input: $input) { model { id } userErrors { code message path details } } }',
    { input },
  );
  return { slug, id: createModel.model.id as string };
}

async function operate(query: string, variables: Record<string, unknown>) {
  const { body } = await operator.gql(query, variables);
  expect(errorOf({ body })).toBeUndefined();
  return body.data;
}

const rename = (from: string, to: string) =>
  operate(
    'mutation ($from: String!, $to: String!) { renameModel(input: { model: $from, slug: $to }) { model { slug } userErrors { code message path details } } }',
    { from, to },
  );
const free = (slug: string, alias: string) =>
  operate(
    'mutation ($slug: String!, $alias: String!) { deleteModelAlias(input: { model: $slug, alias: $alias }) { model { slug } userErrors { code message path details } } }',
    { slug, alias },
  );

/** Calls of a model, one at each of some hours after START. */
const call = (name: string, hours: readonly number[], more: Partial<PastRun> = {}) =>
  insertRuns(
    t.database,
    hours.map((hour) => ({
      id: newId('run'),
      accountId: caller.accountId,
      model: name,
      operation: 'classifyImage',
      keyId: null,
      userId: 'usr_1',
      errorCode: null,
      isBatch: false,
      chargedNanos: 1_000,
      images: 1,
      imagesRan: 1,
      endedAt: new Date(START + hour * HOUR_MS + 1_000),
      latencyMs: 10,
      ...more,
    })),
  );

interface Series {
  group: { modelSlug: string };
  total: { calls: number };
  points: { metrics: { calls: number } }[];
}

/** What is shown of each model: its calls, point by point. */
async function shown(models?: readonly string[]) {
  const { body } = await caller.gql(
    `query ($range: UsageRangeInput!, $filter: UsageFilterInput) {
       account { usage(range: $range, groupBy: [MODEL], filter: $filter) {
         total { calls } series { group { modelSlug } total { calls } points { metrics { calls } } } } }
     }`,
    { range, filter: models && { models } },
  );
  expect(errorOf({ body })).toBeUndefined();
  const series = body.data.account.usage.series as Series[];
  const calls = series.reduce((sum, { total }) => sum + total.calls, 0);
  expect(body.data.account.usage.total.calls).toBe(calls);
  return Object.fromEntries(
    series.map(({ group, points }) => [
      group.modelSlug,
      points.map(({ metrics }) => metrics.calls),
    ]),
  );
}

async function top(first: number) {
  const { body } = await caller.gql(
    `query ($range: UsageRangeInput!, $first: Int!) {
       account { topModels(range: $range, first: $first, by: CALLS) { group { modelSlug } total { calls } } }
     }`,
    { range, first },
  );
  return (
    body.data.account.topModels as { group: { modelSlug: string }; total: { calls: number } }[]
  ).map(({ group, total }) => [group.modelSlug, total.calls]);
}

async function exported(format: 'csv' | 'ndjson', models?: string) {
  const query = new URLSearchParams({
    ...range,
    groupBy: 'MODEL',
    format,
    ...(models && { models }),
  });
  const response = await fetch(`${t.url}/v1/usage/export?${query.toString()}`, {
    headers: { ...bearer(caller.secret), connection: 'close' },
  });
  return response.text();
}

const rolledUp = () =>
  t.database.query(
    `SELECT g.account_id, g.model, u.span, u.start, u.calls, u.latency
       FROM usage_rollup u JOIN usage_group g ON g.id = u.group_id ORDER BY 1, 2, 3, 4`,
  );

/** Days, an hour, and a rest that is not rolled up. */
async function rollUpSome(): Promise<void> {
  const services = t.app.services;
  await services.rollups.rebuild({ from: new Date(START), to: new Date(START + 26 * HOUR_MS) });
}

test('a model is one under its present slug, whichever of its names its calls had', async () => {
  const { slug } = await model();
  const other = await model();
  await call(slug, [0, 1, 25]);
  await call(other.slug, [1, 2, 3, 4]);
  await rollUpSome();
  await rename(slug, `${slug}-second`);
  // Some still come in by the old name: their credit was held before.
  await call(`${slug}-second`, [1, 25, 26]);
  await call(slug, [26]);
  await rename(`${slug}-second`, `${slug}-third`);
  await call(`${slug}-third`, [50, 50], { latencyMs: 1_000 });
  const answer = {
    [`${slug}-third`]: [0, 3, 4, 2],
    [other.slug]: [0, 4, 0, 0],
  };
  expect(await shown()).toEqual(answer);
  expect(await top(1)).toEqual([[`${slug}-third`, 9]]);
  await t.app.services.rollups.rebuild({ from: new Date(START - DAY_MS) });
  expect(await shown()).toEqual(answer);
  expect(await top(5)).toEqual([
    [`${slug}-third`, 9],
    [other.slug, 4],
  ]);
});

test('a filter by any of its names finds all of it, once, and nothing else', async () => {
  const { slug } = await model();
  await call(slug, [0, 25, 50]);
  await call('not/this-one', [0]);
  await rollUpSome();
  await rename(slug, `${slug}-new`);
  await call(`${slug}-new`, [1]);
  const all = { [`${slug}-new`]: [0, 2, 1, 1] };
  expect(await shown([slug])).toEqual(all);
  expect(await shown([`${slug}-new`])).toEqual(all);
  expect(await shown([`${slug}-new`, slug, 'no/such'])).toEqual(all);
  expect(await shown(['not/this-one'])).toEqual({ 'not/this-one': [0, 1, 0, 0] });
  const { body } = await caller.gql(
    `query ($range: UsageRangeInput!, $models: [String!]) {
       account { usage(range: $range, groupBy: [STATUS], filter: { models: $models }) {
         total { calls } previous { metrics { calls } } series { group { modelSlug status } total { calls } }
       } }
     }`,
    { range, models: [slug] },
  );
  expect(body.data.account.usage).toEqual({
    total: { calls: 4 },
    previous: { metrics: { calls: 0 } },
    series: [{ group: { modelSlug: null, status: 'SUCCEEDED' }, total: { calls: 4 } }],
  });
});

test('an export has a line for the model, not one for each of its names', async () => {
  const { slug } = await model();
  await call(slug, [0, 1]);
  await rename(slug, `${slug}-new`);
  await call(`${slug}-new`, [2]);
  const lines = (await exported('csv')).trimEnd().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain(`,${slug}-new,3,0,3000,`);
  const [line, ...none] = (await exported('ndjson', slug)).trimEnd().split('\n');
  expect(none).toEqual([]);
  expect(JSON.parse(line ?? '')).toMatchObject({ model: `${slug}-new`, calls: 3 });
});

test('what credit is used a day does not depend on names', async () => {
  const { slug } = await model();
  const ask = async () =>
    Number(
      (await caller.gql('{ account { creditForecast { nanosPerDay } } }')).body.data.account
        .creditForecast.nanosPerDay,
    );
  await call(slug, [0, 1]);
  await call(`${slug}-new`, [2]);
  const before = await ask();
  await rename(slug, `${slug}-new`);
  expect(await ask()).toBeCloseTo(before, -1);
  expect(before).toBeGreaterThan(0);
});

test('a name is of its model only: a slug that merely begins like it, or differs by case, is another', async () => {
  const { slug } = await model();
  await rename(slug, `${slug}-new`);
  await call(slug, [0]);
  await call(slug.toUpperCase(), [1]);
  await call(`${slug}-newer`, [2]);
  expect(await shown()).toEqual({
    [`${slug}-new`]: [0, 1, 0, 0],
    [slug.toUpperCase()]: [0, 1, 0, 0],
    [`${slug}-newer`]: [0, 1, 0, 0],
  });
});

test('roll-ups keep the names that calls had, and a rebuild after a renaming makes the same rows', async () => {
  const { slug } = await model();
  await call(slug, [0, 25, 27]);
  await t.app.services.rollups.rebuild({ from: new Date(START - DAY_MS) });
  const before = await rolledUp();
  await rename(slug, `${slug}-new`);
  await t.app.services.rollups.rebuild({ from: new Date(START - DAY_MS) });
  expect(await rolledUp()).toEqual(before);
  const findings = await runChecks(
    { query: (sql, given) => t.database.query(sql, [...given]) as never },
    USAGE_CHECKS,
  );
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
});

test('calls of a model that was merged into another count to that one', async () => {
  const [gone, into] = [await model(), await model()];
  await call(gone.slug, [0, 1]);
  await call(into.slug, [2]);
  await rollUpSome();
  await operate(
    'mutation ($gone: ID!, $into: ID!) { mergeModels(input: { goneId: $gone, intoId: $into }) { entry { model { slug } } userErrors { code message path details } } }',
    { gone: gone.id, into: into.id },
  );
  expect(await shown()).toEqual({ [into.slug]: [0, 3, 0, 0] });
  expect(await shown([gone.slug])).toEqual({ [into.slug]: [0, 3, 0, 0] });
});

test('calls by a name that no model has stand under it: one that was freed, or of a model that is deleted', async () => {
  const { slug, id } = await model();
  await call(slug, [0]);
  await rename(slug, `${slug}-new`);
  await call(`${slug}-new`, [1, 2]);
  await free(`${slug}-new`, slug);
  const apart = { [slug]: [0, 1, 0, 0], [`${slug}-new`]: [0, 2, 0, 0] };
  expect(await shown()).toEqual(apart);
  expect(await shown([slug])).toEqual({ [slug]: [0, 1, 0, 0] });
  // By hand: there is no command for it.
  await t.database.query('ALTER TABLE model_change DISABLE TRIGGER USER');
  await t.database.query('DELETE FROM model WHERE id = $1', [id]);
  expect(await shown()).toEqual(apart);
});

test('how a model has done is told under its present slug', async () => {
  const { slug } = await model();
  const endedAt = new Date(Date.now() - 30_000);
  await call(slug, [0], { endedAt });
  await call(slug, [0, 1]);
  await rename(slug, `${slug}-new`);
  await call(`${slug}-new`, [0], { endedAt, errorCode: 'OVERLOADED' });
  const found = await t.app.services.usage.performance(`${slug}-new`);
  expect([found.last30Days.availability, found.successShare.last5Min]).toEqual([0.75, 0.5]);
  expect(found.latencyMs?.p50).toBeCloseTo(10, 1);
});
