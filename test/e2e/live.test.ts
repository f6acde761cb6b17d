import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { newId, type RunId } from '../../src/platform/ids.js';
import { createLogger } from '../../src/platform/logger.js';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { ended, event, metric, subscribe, TRANSPORTS } from '../support/live.js';
import { type Caller, newCaller } from '../support/platform.js';
import { until } from '../support/process.js';

let t: TestApp;
/** Another server on the same database: what happens at one is heard at the other. */
let other: App;
let otherUrl: string;
beforeAll(async () => {
  t = await startTestApp();
  other = await createApp(readConfig({}), t.database.url, {
    logger: createLogger('info', { write: () => undefined }),
  });
  otherUrl = await other.server.listen({ port: 0, host: '127.0.0.1' });
});
afterAll(async () => {
  await other.stop();
  await t.stop();
});

const BALANCE =
  'subscription { balanceChanged { balance { postedNanos heldNanos availableNanos } } }';
const RUNS = 'subscription { runFinished { run { id status chargedNanos modelSlug } } }';
const TICKS = 'subscription { usageTick { from to calls errors costNanos } }';
const MODELS = `subscription ($slugs: [String!]) {
  modelStatusChanged(slugs: $slugs) { id slug name status statusChangedAt } }`;

/** A call of an account at a server, with its money. */
async function call(app: App, { accountId }: Caller, nanos: bigint, end: 'capture' | 'void') {
  const runId = newId('run');
  const { credits } = app.services;
  await credits.hold({
    runId,
    accountId,
    keyId: null,
    nanos,
    ttlMs: 60_000,
    details: { model: 'm' },
  });
  if (end === 'capture')
    await credits.capture({ runId, accountId, nanos, details: { model: 'm' } });
  else await credits.void({ runId, accountId, details: { model: 'm' } });
  return runId;
}

describe.each(TRANSPORTS)('over %s', (transport) => {
  test('a balance is told at once, and again when it changed at another server', async () => {
    const caller = await newCaller(t, 1_000n);
    const subscriber = subscribe(transport, otherUrl, BALANCE, caller);
    expect(await event(subscriber, 0)).toEqual({
      data: {
        balanceChanged: {
          balance: { postedNanos: '1000', heldNanos: '0', availableNanos: '1000' },
        },
      },
    });
    await call(t.app, caller, 300n, 'capture');
    await until('the new balance', () =>
      subscriber.events.at(-1).data.balanceChanged.balance.postedNanos === '700' ? true : undefined,
    );
    await t.app.services.credits.grant({
      accountId: caller.accountId,
      nanos: 50n,
      reason: 'test',
      actor: 'system',
    });
    await until('the grant', () =>
      subscriber.events.at(-1).data.balanceChanged.balance.postedNanos === '750' ? true : undefined,
    );
    subscriber.close();
  });

  test('each run that ends is told once, with its outcome, at every server', async () => {
    const caller = await newCaller(t, 1_000n);
    const here = subscribe(transport, t.url, RUNS, caller);
    const there = subscribe(transport, otherUrl, RUNS, caller);
    await listening(2);
    const captured = await call(t.app, caller, 100n, 'capture');
    const voided = await call(other, caller, 100n, 'void');
    for (const subscriber of [here, there]) {
      await event(subscriber, 1);
      expect(subscriber.events.map(({ data }) => data.runFinished.run)).toEqual(
        expect.arrayContaining([
          { id: captured, status: 'SUCCEEDED', chargedNanos: '100', modelSlug: 'm' },
          { id: voided, status: 'FAILED', chargedNanos: '0', modelSlug: 'm' },
        ]),
      );
      expect(subscriber.events).toHaveLength(2);
      subscriber.close();
    }
  });

  test('a model that changes its status is told to everybody who asked for it', async () => {
    const all = subscribe(transport, t.url, MODELS);
    const [one] = await t.database.query<{ slug: string; id: string }>(
      `SELECT slug, id FROM model WHERE status = 'COMING_SOON' ORDER BY id LIMIT 1`,
    );
    const named = subscribe(transport, otherUrl, MODELS, { variables: { slugs: [one?.slug] } });
    await listening(2, 'modelStatusChanged');
    expect(await event(named, 0)).toMatchObject({
      data: { modelStatusChanged: { slug: one?.slug, status: 'COMING_SOON' } },
    });
    await t.database.query(`UPDATE model SET status = 'DEPRECATED' WHERE id = $1`, [one?.id]);
    const change = { data: { modelStatusChanged: { id: one?.id, status: 'DEPRECATED' } } };
    expect(await event(named, 1)).toMatchObject(change);
    expect(await event(all, 0)).toMatchObject(change);
    await t.database.query(`UPDATE model SET status = 'COMING_SOON' WHERE id = $1`, [one?.id]);
    await event(named, 2);
    named.close();
    all.close();
  });

  test('what is refused says why, with a code', async () => {
    const codeOf = async (query: string, variables = {}) => {
      const subscriber = subscribe(transport, t.url, query, { variables });
      await ended(subscriber);
      const [error] = subscriber.events[0]?.errors ?? subscriber.end();
      subscriber.close();
      return error.extensions.code as string;
    };
    expect(await codeOf(BALANCE)).toBe('UNAUTHENTICATED');
    expect(await codeOf('{ tasks { task } }')).toBe('BAD_REQUEST');
    expect(await codeOf('mutation { signOut { userErrors { code message path details } } }')).toBe(
      'BAD_REQUEST',
    );
    expect(await codeOf('subscription {')).toBe('GRAPHQL_PARSE_FAILED');
    expect(await codeOf('subscription { nothing }')).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(
      await codeOf('subscription { balanceChanged { balance { postedNanos } } usageTick { to } }'),
    ).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(await codeOf(MODELS, { slugs: 7 })).toBe('BAD_USER_INPUT');
    expect(await codeOf(MODELS, { slugs: [] })).toBe('BAD_USER_INPUT');
    expect(await codeOf(MODELS, { slugs: ['no/such-model'] })).toBe('NOT_FOUND');
    const aliases = Array.from({ length: 40 }, (_, n) => `a${String(n)}: slug`).join(' ');
    expect(await codeOf(`subscription { modelStatusChanged { ${aliases} } }`)).toBe(
      'QUERY_TOO_COMPLEX',
    );
  });
});

test('a subscription that is sent as a query is told where to go', async () => {
  const { status, body } = await t.gql(BALANCE);
  expect(status).toBe(400);
  expect(codeOf({ body })).toBe('BAD_REQUEST');
  expect(errorOf({ body })?.message).toContain('/graphql/stream');
});

test('usage is told interval by interval, without a gap, each call in one', async () => {
  const caller = await newCaller(t, 10_000n);
  const subscriber = subscribe('websocket', otherUrl, TICKS, caller);
  await event(subscriber, 0);
  const calls = 7;
  for (let n = 0; n < calls; n++) await call(t.app, caller, 100n, n % 2 ? 'void' : 'capture');
  const sum = (field: string) =>
    subscriber.events
      .slice(1)
      .reduce<number>((total, { data }) => total + Number(data.usageTick[field]), 0);
  await until('all calls to be told', () => (sum('calls') >= calls ? true : undefined));
  expect([sum('calls'), sum('errors'), sum('costNanos')]).toEqual([calls, 3, 400]);
  const all = subscriber.events.map(({ data }) => data.usageTick);
  for (const [at, tick] of all.entries()) {
    expect(Date.parse(tick.to as string) % 5_000).toBe(0);
    if (at > 0) expect(tick.from).toBe(all[at - 1].to);
  }
  subscriber.close();
});

test('nothing is read for an account that nobody listens to', async () => {
  const caller = await newCaller(t, 1_000n);
  const subscriber = subscribe('sse', t.url, BALANCE, caller);
  await event(subscriber, 0);
  expect(t.app.services.live.accountCount).toBe(1);
  subscriber.close();
  await until('the account to be forgotten', () =>
    t.app.services.live.accountCount === 0 ? true : undefined,
  );
});

test('a lost connection to the database loses no run', async () => {
  const caller = await newCaller(t, 10_000n);
  const subscriber = subscribe('websocket', t.url, RUNS, caller);
  await listening(1);
  await call(t.app, caller, 1n, 'capture');
  await event(subscriber, 0);
  await t.database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'gigarouter listener' AND datname = current_database()`,
  );
  const missed: RunId[] = [];
  for (let n = 0; n < 5; n++) missed.push(await call(other, caller, 1n, 'capture'));
  await event(subscriber, 5);
  expect(
    subscriber.events
      .slice(1)
      .map(({ data }) => data.runFinished.run.id)
      .sort(),
  ).toEqual(missed.sort());
  subscriber.close();
});

/** Until so many listen, and nobody from before: a client does not say when it has begun. */
async function listening(count: number, field = 'runFinished') {
  await until('subscriptions', async () => {
    const series = `gigarouter_live_subscriptions{field="${field}"}`;
    const open = (await metric({ url: t.url }, series)) + (await metric({ url: otherUrl }, series));
    return open === count ? true : undefined;
  });
}
