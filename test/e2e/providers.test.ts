import { errorOf } from '../support/app.js';
import { BALANCE, CLASSIFY, fresh, input, LABEL } from '../support/classify.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { type Person, signUp } from '../support/people.js';
import { type Caller, DEMO_MODEL, startPlatform, type TestPlatform } from '../support/platform.js';
import { until } from '../support/process.js';
import { makeChecksDue, startProvider, type TestProvider } from '../support/providers.js';

const FIELDS =
  'id modelId name protocol url hasToken priority isEnabled health failures problem costs { unit nanosPerUnit }';
const LIST = `query ($model: String!) { providers(model: $model) { ${FIELDS} } }`;
const ADD = `mutation ($input: CreateProviderInput!) { createProvider(input: $input) { provider { ${FIELDS} } userErrors { code message path details } } }`;
const EDIT = `mutation ($input: UpdateProviderInput!) { updateProvider(input: $input) { provider { ${FIELDS} } userErrors { code message path details } } }`;
const REMOVE = `mutation ($id: ID!) { deleteProvider(input: { id: $id }) { deletedProviderId userErrors { code message path details } } }`;
const PRICE = `mutation ($input: SetModelPriceInput!) { setModelPrice(input: $input) { model { prices { unit nanosPerUnit } } userErrors { code message path details } } }`;
const MODEL = DEMO_MODEL;
const TOKEN = 'a-secret-of-sixteen';

const outbox = temporaryFolder();
let t: TestPlatform;
let operator: Person;
let caller: Caller;
let first: TestProvider;
let second: TestProvider;

beforeAll(async () => {
  t = await startPlatform(mailTo(outbox.path), {}, { background: false });
  operator = await newOperator(t, outbox.path);
  caller = await t.caller(1_000_000_000n);
  first = await startProvider(t.modelsDir, { PREDICTOR_TOKEN: TOKEN });
  second = await startProvider(t.modelsDir);
});
afterEach(async () => {
  await t.verify();
  first.onRun = () => 'pass';
  second.onRun = () => 'pass';
  await t.database.query('DELETE FROM model_provider');
  t.app.services.catalogChanges.changed();
});
afterAll(async () => {
  await first.stop();
  await second.stop();
  await t.stop();
  outbox.remove();
});

const call = async (labels = fresh(1)) => (await caller.gql(CLASSIFY, input({ labels }))).body;
const add = async (more: object) =>
  (await operator.gql(ADD, { input: { model: MODEL, name: 'far', url: first.url, ...more } })).body;
const codeOf = (body: object) => errorOf({ body });
const list = async () =>
  (await operator.gql(LIST, { model: MODEL })).body.data.providers as {
    id: string;
    name: string;
    health: string;
  }[];

/** Both providers, verified; the built-in predictor gets no calls. */
async function addBoth(): Promise<{ first: string; second: string }> {
  const one = await add({ name: 'first', token: TOKEN, priority: 20 });
  const two = await add({ name: 'second', url: second.url, priority: 10 });
  await t.database.query(`UPDATE model_provider SET enabled = false WHERE name = 'local'`);
  await makeChecksDue(t);
  await until('both to be verified', async () => {
    await t.app.services.modelChecks.turn();
    const ready = (await list()).filter(({ health }) => health === 'READY');
    return ['first', 'second'].every((name) => ready.some((one) => one.name === name)) || undefined;
  });
  return {
    first: one.data.createProvider.provider.id as string,
    second: two.data.createProvider.provider.id as string,
  };
}

describe('an operator', () => {
  test('adds, changes, lists and removes a provider; its token is never shown nor written down', async () => {
    const costs = [{ unit: 'IMAGE', nanosPerUnit: '90' }];
    const added = await add({ token: TOKEN, costs, priority: 5 });
    expect(added.data.createProvider.provider).toMatchObject({
      name: 'far',
      protocol: 'OPEN_INFERENCE',
      url: first.url,
      hasToken: true,
      priority: 5,
      isEnabled: true,
      health: 'UNKNOWN',
      costs,
    });
    const id = added.data.createProvider.provider.id as string;
    const edited = await operator.gql(EDIT, { input: { id, isEnabled: false, token: null } });
    expect(edited.body.data.updateProvider.provider).toMatchObject({
      isEnabled: false,
      hasToken: false,
      url: first.url,
      costs,
    });
    expect((await list()).map(({ name }) => name)).toEqual(['far', 'local']);
    expect((await operator.gql(REMOVE, { id })).body.data.deleteProvider).toEqual({
      deletedProviderId: id,
      userErrors: [],
    });
    expect((await list()).map(({ name }) => name)).toEqual(['local']);

    const events = await t.database.query<{ action: string; details: object }>(
      `SELECT action, details FROM audit_event WHERE action LIKE 'provider.%' AND details->>'provider' = $1 ORDER BY id`,
      [id],
    );
    expect(events.map(({ action }) => action)).toEqual([
      'provider.added',
      'provider.changed',
      'provider.removed',
    ]);
    expect(JSON.stringify([events, t.log])).not.toContain(TOKEN);
  });

  test('the public count of providers follows those that are enabled', async () => {
    const count = async () =>
      (await t.gql(`{ model(slug: "${MODEL}") { apiProviders } }`)).body.data.model
        .apiProviders as number;
    const { first: id } = await addBoth();
    await operator.gql(EDIT, { input: { id, priority: 21 } });
    expect(await count()).toBe(2);
    await operator.gql(EDIT, { input: { id, isEnabled: false } });
    expect(await count()).toBe(1);
    await operator.gql(REMOVE, { id });
    expect(await count()).toBe(1);
  });

  test.each([
    [{ name: 'Far' }, 'name'],
    [{ name: '' }, 'name'],
    [{ url: undefined }, 'url'],
    [{ url: 'ftp://host' }, 'url'],
    [{ url: 'nonsense' }, 'url'],
    [{ url: 'http://user:password@host' }, 'url'],
    [{ url: 'http://host?token=1' }, 'url'],
    [{ url: `http://${'x'.repeat(600)}` }, 'url'],
    [{ protocol: 'BUILT_IN' }, 'url'],
    [{ token: 'two\nlines' }, 'token'],
    [{ token: '' }, 'token'],
    [{ priority: 1_001 }, 'priority'],
    [{ priority: -1 }, 'priority'],
    [{ costs: [{ unit: 'IMAGE', nanosPerUnit: '-1' }] }, 'costs'],
  ])('%j is refused by its field', async (over, argument) => {
    expect(codeOf(await add(over))).toMatchObject({ code: 'BAD_USER_INPUT', argument });
    expect(await list()).toEqual([]);
  });

  test('names are a model’s own; unknown ids are not found', async () => {
    await add({});
    expect(codeOf(await add({}))).toMatchObject({ code: 'CONFLICT', argument: 'name' });
    for (const id of ['prv_nobody', '', 'mdl_1', 'a\u0000b']) {
      expect(codeOf((await operator.gql(EDIT, { input: { id, priority: 1 } })).body)).toMatchObject(
        { code: 'NOT_FOUND' },
      );
      expect(codeOf((await operator.gql(REMOVE, { id })).body)).toMatchObject({
        code: 'NOT_FOUND',
      });
    }
    expect(codeOf((await operator.gql(LIST, { model: 'no/such' })).body)).toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  test('is who it takes: a member is refused', async () => {
    const member = await signUp({ url: t.url, outboxDir: outbox.path }, 'member@example.org');
    for (const [query, variables] of [
      [LIST, { model: MODEL }],
      [ADD, { input: { model: MODEL, name: 'mine', url: first.url } }],
      [EDIT, { input: { id: 'prv_1' } }],
      [REMOVE, { id: 'prv_1' }],
    ] as const) {
      expect(codeOf((await member.gql(query, variables)).body)).toMatchObject({
        code: 'FORBIDDEN',
      });
    }
  });
});

describe('a call', () => {
  test('goes to the provider of the highest priority, with its token', async () => {
    const { first: id } = await addBoth();
    const before = [first.runs(), second.runs()];
    expect(codeOf(await call())).toBeUndefined();
    expect(first.runs()).toBeGreaterThan(before[0] ?? 0);
    expect(second.runs()).toBe(before[1]);
    await operator.gql(EDIT, { input: { id, priority: 1 } });
    const then = [first.runs(), second.runs()];
    expect(codeOf(await call())).toBeUndefined();
    expect(first.runs()).toBe(then[0]);
    expect(second.runs()).toBeGreaterThan(then[1] ?? 0);
  });

  test('that a provider did not take goes to the next: the caller sees nothing of it', async () => {
    const { first: id } = await addBoth();
    // It refuses our token from now on, so that it runs nothing.
    await operator.gql(EDIT, { input: { id, token: 'another-secret-of-ours' } });
    const before = second.runs();
    const body = await call();
    expect(errorOf({ body })).toBeUndefined();
    expect(body.data.classifyImage.cost.chargedNanos).toBe(String(LABEL));
    expect(second.runs()).toBeGreaterThan(before);
  });

  test('whose provider dies in the middle fails, is not sent again, and costs nothing; the next goes elsewhere', async () => {
    await addBoth();
    const { postedNanos } = (await caller.gql(BALANCE)).body.data.account.balance;
    const [, before] = [first.runs(), second.runs()];
    first.onRun = () => 'cut';
    const failed = await call();
    expect(codeOf(failed)).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    expect(second.runs()).toBe(before);
    expect((await caller.gql(BALANCE)).body.data.account.balance).toMatchObject({
      postedNanos,
      heldNanos: '0',
    });
    expect(codeOf(await call())).toBeUndefined();
    expect(second.runs()).toBeGreaterThan(before);
  });

  test('is answered while one of two providers is killed for good', async () => {
    await addBoth();
    const spare = await startProvider(t.modelsDir);
    try {
      await add({ name: 'spare', url: spare.url, priority: 90 });
      await makeChecksDue(t);
      await t.app.services.modelChecks.turn();
      const before = spare.runs();
      expect(codeOf(await call())).toBeUndefined();
      expect(spare.runs()).toBeGreaterThan(before);
    } finally {
      await spare.stop();
    }
    for (let n = 0; n < 3; n += 1) expect(codeOf(await call())).toBeUndefined();
    await t.database.query('UPDATE model_provider SET checked_at = NULL');
    await t.app.services.providerChecks.turn();
    expect(await list()).toContainEqual(
      expect.objectContaining({ name: 'spare', health: 'UNREACHABLE' }),
    );
  });

  test('pays the price of the moment at which its credit was held, whatever is set meanwhile', async () => {
    await addBoth();
    let changed = false;
    first.onRun = async () => {
      if (!changed) {
        changed = true;
        const version = { model: MODEL, unit: 'LABEL_TEXT', nanosPerUnit: '70000' };
        const { body } = await operator.gql(PRICE, { input: version });
        expect(errorOf({ body })).toBeUndefined();
      }
      return 'pass' as const;
    };
    const during = await call();
    expect(changed).toBe(true);
    expect(during.data.classifyImage.cost).toMatchObject({ chargedNanos: String(LABEL) });
    const after = await call();
    expect(after.data.classifyImage.cost).toMatchObject({ chargedNanos: '70000' });
  });
});

test('a provider that was edited during its check keeps what the edit says', async () => {
  await addBoth();
  const [row] = await list();
  const routes = await t.app.services.providers.routes();
  const stale = routes.find(({ id }) => id === row?.id);
  if (stale === undefined) throw new Error('It is enabled.');
  await operator.gql(EDIT, { input: { id: stale.id, url: 'http://127.0.0.1:9' } });
  await t.app.services.providers.saveHealth(stale, {
    health: 'READY',
    verified: true,
    latencyMs: 1,
    problem: undefined,
  });
  expect(await list()).toContainEqual(expect.objectContaining({ id: stale.id, health: 'UNKNOWN' }));
});
