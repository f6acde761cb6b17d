import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorOf } from '../support/app.js';
import { CLASSIFY, fresh, input } from '../support/classify.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { mailsTo, type Person } from '../support/people.js';
import { type Caller, DEMO_MODEL, startPlatform, type TestPlatform } from '../support/platform.js';
import { until } from '../support/process.js';
import { makeChecksDue, startProvider, type TestProvider } from '../support/providers.js';

const STATUS = `{ model(slug: "${DEMO_MODEL}") { status changelog(first: 1) { kind text } } }`;
const PROVIDERS = `{ providers(model: "${DEMO_MODEL}") { id name health isEnabled failures problem } }`;
const ADD = `mutation ($input: CreateProviderInput!) { createProvider(input: $input) { provider { id } userErrors { code message path details } } }`;
const EDIT = `mutation ($input: UpdateProviderInput!) { updateProvider(input: $input) { provider { id } userErrors { code message path details } } }`;

const outbox = temporaryFolder();
let t: TestPlatform;
let operator: Person;
let caller: Caller;
let provider: TestProvider;
let golden: string;
let goldenFile: string;

beforeAll(async () => {
  t = await startPlatform(mailTo(outbox.path), {}, { background: false });
  operator = await newOperator(t, outbox.path);
  caller = await t.caller(1_000_000_000n);
  provider = await startProvider(t.modelsDir);
  goldenFile = path.join(t.modelsDir, DEMO_MODEL, 'golden.json');
  golden = readFileSync(goldenFile, 'utf8');
});
afterEach(async () => {
  writeFileSync(goldenFile, golden);
  provider.onRun = () => 'pass';
  await t.database.query('DELETE FROM model_provider');
  await t.database.query(`UPDATE model_check SET failures = 0, returns_to = NULL`);
  await t.database.query(`UPDATE model SET status = 'LIVE', api_providers = 0 WHERE slug = $1`, [
    DEMO_MODEL,
  ]);
  t.app.services.catalogChanges.changed();
});
afterAll(async () => {
  await provider.stop();
  await t.stop();
  outbox.remove();
});

/** A check of the demo model, as if its time had come. */
async function check(): Promise<void> {
  const [before] = await t.database.query<{ now: Date }>(
    `INSERT INTO model_check (model_id) SELECT id FROM model WHERE slug = '${DEMO_MODEL}'
     ON CONFLICT (model_id) DO UPDATE SET due_at = 'epoch' RETURNING now()`,
  );
  await until('the check', async () => {
    await t.app.services.modelChecks.turn();
    const [row] = await t.database.query<{ checked_at: Date | null }>(
      'SELECT checked_at FROM model_check',
    );
    return before && row?.checked_at && row.checked_at >= before.now ? true : undefined;
  });
}

const status = async () => (await t.gql(STATUS)).body.data.model.status as string;
const call = () => caller.gql(CLASSIFY, input({ labels: fresh(1) }));
function spoil(): void {
  const content = JSON.parse(golden) as { texts: { embedding: number[] }[] };
  const [first] = content.texts;
  if (first !== undefined) first.embedding[0] = (first.embedding[0] ?? 0) + 0.01;
  writeFileSync(goldenFile, JSON.stringify(content));
}
const audited = () =>
  t.database.query<{ action: string; user_id: string | null }>(
    `SELECT action, user_id FROM audit_event WHERE action IN ('model.degraded', 'model.restored') ORDER BY id`,
  );
/** The provider behind the proxy, alone. */
async function onlyFar(): Promise<void> {
  await operator.gql(ADD, { input: { model: DEMO_MODEL, name: 'far', url: provider.url } });
  await check();
  const { body } = await operator.gql(PROVIDERS);
  const local = (body.data.providers as { id: string; name: string }[]).find(
    ({ name }) => name === 'local',
  );
  await operator.gql(EDIT, { input: { id: local?.id, isEnabled: false } });
}

test('wrong scores end the calls of a model at once, and right ones bring it back by itself', async () => {
  await check();
  expect(await status()).toBe('LIVE');
  const before = (await audited()).length;

  spoil();
  await check();
  const { body } = await t.gql(STATUS);
  expect(body.data.model).toMatchObject({ status: 'DEGRADED', changelog: [{ kind: 'DEGRADED' }] });
  // Where it runs is nobody's business.
  expect(body.data.model.changelog[0].text).not.toMatch(/predictor|golden\.json/);
  expect(errorOf(await call())).toMatchObject({
    code: 'MODEL_NOT_LIVE',
    message: expect.stringMatching(/recovers automatically/) as string,
    status: 'DEGRADED',
  });
  const { data } = (await (await fetch(`${t.url}/v1/models`)).json()) as { data: { id: string }[] };
  expect(data).not.toContainEqual(expect.objectContaining({ id: DEMO_MODEL }));

  // Still wrong: nothing is told twice.
  await check();
  writeFileSync(goldenFile, golden);
  await check();
  expect(await status()).toBe('LIVE');
  expect((await audited()).slice(before)).toEqual([
    { action: 'model.degraded', user_id: null },
    { action: 'model.restored', user_id: null },
  ]);
  expect(errorOf(await call())).toBeUndefined();
});

test('operators are told by mail, once each time', async () => {
  await check();
  spoil();
  await check();
  await check();
  writeFileSync(goldenFile, golden);
  await check();
  await check();
  const subjectOf: Record<string, string> = {
    'model.degraded': `${DEMO_MODEL} is degraded: calls are rejected`,
    'model.restored': `${DEMO_MODEL} is live again`,
  };
  const wanted = (await audited()).map(({ action }) => subjectOf[action]);
  expect(wanted.length).toBeGreaterThanOrEqual(2);
  const subjects = () =>
    mailsTo(outbox.path, operator.email)
      .map(({ subject }) => subject)
      .filter((subject) => subject.startsWith(DEMO_MODEL));
  await until('all mails', async () => {
    await t.app.services.notifications.turn();
    return subjects().length >= wanted.length ? true : undefined;
  });
  expect(subjects().sort()).toEqual(wanted.sort());
});

test('a deprecated model comes back deprecated', async () => {
  await t.database.query(`UPDATE model SET status = 'DEPRECATED' WHERE slug = $1`, [DEMO_MODEL]);
  spoil();
  await check();
  expect(await status()).toBe('DEGRADED');
  writeFileSync(goldenFile, golden);
  await check();
  expect(await status()).toBe('DEPRECATED');
});

test('a provider that is away once is no reason; twice in a row is', async () => {
  await onlyFar();
  await check();
  provider.predictor.child.kill('SIGSTOP');
  provider.proxy.cut();
  provider.proxy.hooks.toClient = () => false;
  try {
    await check();
    expect(await status()).toBe('LIVE');
    await check();
    expect(await status()).toBe('DEGRADED');
    const { body } = await operator.gql(PROVIDERS);
    expect(body.data.providers).toContainEqual(
      expect.objectContaining({ name: 'far', health: 'UNREACHABLE', failures: 2 }),
    );
  } finally {
    provider.predictor.child.kill('SIGCONT');
    provider.proxy.hooks.toClient = () => true;
  }
  await check();
  expect(await status()).toBe('LIVE');
});

test('a provider with wrong scores gets no calls, and the model stays live by another', async () => {
  await operator.gql(ADD, {
    input: { model: DEMO_MODEL, name: 'far', url: provider.url, priority: 9 },
  });
  const before = provider.runs();
  // Nobody has compared its scores yet.
  expect(errorOf(await call())).toBeUndefined();
  expect(provider.runs()).toBe(before);
  // A provider of another model, for all that the scores say.
  await t.database.query(
    `UPDATE model_provider SET verified = false, health = 'WRONG_SCORES' WHERE name = 'far'`,
  );
  t.app.services.catalogChanges.changed();
  expect(errorOf(await call())).toBeUndefined();
  expect(provider.runs()).toBe(before);
  // Once they match, it is asked first.
  await check();
  const checked = provider.runs();
  expect(errorOf(await call())).toBeUndefined();
  expect(provider.runs()).toBeGreaterThan(checked);
  expect(await status()).toBe('LIVE');
});

test('a check is one server’s at a time', async () => {
  await onlyFar();
  await makeChecksDue(t);
  const turns = await Promise.all([1, 2, 3].map(() => t.app.services.modelChecks.turn()));
  expect(turns.filter(Boolean)).toHaveLength(1);
});

test('what a server finds that lost its lease meanwhile is not written down', async () => {
  await onlyFar();
  let release: (answer: 'pass') => void = () => undefined;
  const reached = new Promise<void>((resolve) => {
    provider.onRun = () => {
      resolve();
      return new Promise((go) => (release = go));
    };
  });
  await makeChecksDue(t);
  const slow = t.app.services.modelChecks.turn();
  await reached;
  // As if it had died: another server takes the check up, and finds wrong scores.
  provider.onRun = () => 'pass';
  spoil();
  await check();
  expect(await status()).toBe('DEGRADED');
  release('pass');
  await slow;
  expect(await status()).toBe('DEGRADED');
});

test('a model that an operator retires during its check stays retired', async () => {
  await onlyFar();
  spoil();
  provider.onRun = async () => {
    provider.onRun = () => 'pass' as const;
    await operator.gql(
      `mutation { retireModel(input: { model: "${DEMO_MODEL}" }) { model { status } userErrors { code message path details } } }`,
    );
    return 'pass' as const;
  };
  await check();
  expect(await status()).toBe('RETIRED');
});
