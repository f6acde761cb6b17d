import { newId } from '../../src/platform/ids.js';
import type { GraphQLAnswer } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { CARD, codeOf, DOLLAR, type Shop, startShop } from '../support/payments.js';
import { type Person } from '../support/people.js';
import { until } from '../support/process.js';

const outbox = temporaryFolder();
let shop: Shop;
let operator: Person;
beforeAll(async () => {
  shop = await startShop(mailTo(outbox.path), {}, { background: true });
  operator = await newOperator(shop, outbox.path);
});
beforeEach(async () => {
  await shop.database.query('DELETE FROM stripe_event');
  await shop.database.query('DELETE FROM usage_report');
  await shop.database.query(`DELETE FROM outbox_message WHERE kind = 'test'`);
});
afterAll(async () => {
  await shop.stop();
  outbox.remove();
});

const LIST = `query ($kind: DeadLetterKind, $first: Int! = 20, $after: String) {
  deadLetters(kind: $kind, first: $first, after: $after) {
    edges { node { id kind subject error attempts deadAt accountId } } pageInfo { hasNextPage endCursor } } }`;
const REPLAY =
  'mutation ($id: ID!) { replayDeadLetter(input: { id: $id }) { count userErrors { code message path details } } }';
const REPLAY_ALL =
  'mutation ($kind: DeadLetterKind!) { replayDeadLetters(input: { kind: $kind }) { count userErrors { code message path details } } }';
const DISMISS =
  'mutation ($id: ID!, $reason: String!) { dismissDeadLetter(input: { id: $id, reason: $reason }) { count userErrors { code message path details } } }';

const idsOf = ({ body }: GraphQLAnswer) =>
  (body.data.deadLetters.edges as { node: { id: string } }[]).map(({ node }) => node.id);
const listed = async (variables: object = {}) => idsOf(await operator.gql(LIST, { ...variables }));

const DEAD_AT = '2026-01-02T03:04:05.678Z';
const insertEvent = (id: string, deadAt = DEAD_AT) =>
  shop.database.query(
    `INSERT INTO stripe_event (endpoint, id, type, payload, attempts, error, dead_at)
     VALUES ('/webhooks/stripe', $1, 'test.event', '{"object":{"object":"test"}}', 9, 'A bad day.', $2)`,
    [id, deadAt],
  );
const insertReport = (id: string, deadAt = DEAD_AT) =>
  shop.database.query(
    `INSERT INTO usage_report (id, account_id, hour, part, nanos, attempts, dead_reason, dead_at)
     VALUES ($1, $1, '2026-01-02T03:00:00Z', 0, 5, 50, 'Stripe said no.', $2)`,
    [id, deadAt],
  );
const insertMessage = (id: string, deadAt = DEAD_AT) =>
  shop.database.query(
    `INSERT INTO outbox_message (id, kind, account_id, payload, created_at, attempts, dead_reason, dead_at)
     VALUES ($1, 'test', 'acct_1', '{}', now(), 3, 'Nobody took it.', $2)`,
    [id, deadAt],
  );

test('what was given up is in one list, the latest first, page by page, also within a millisecond', async () => {
  for (const n of [1, 2, 3]) {
    await insertEvent(`evt_${String(n)}`);
    await insertReport(`usage:${String(n)}`);
    await insertMessage(`message_${String(n)}`);
  }
  await insertEvent('evt_older', '2026-01-02T03:04:05.677Z');
  await insertReport('usage:newer', '2026-01-02T03:04:05.679Z');
  const all = await listed({ first: 100 });
  expect(all).toHaveLength(11);
  expect(all[0]).toBe('dead_USAGE_REPORT:usage:newer');
  expect(all[10]).toBe('dead_STRIPE_EVENT:evt_older');
  for (const first of [1, 2, 3, 4]) {
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const answer = await operator.gql(LIST, { first, after });
      seen.push(...idsOf(answer));
      const { hasNextPage, endCursor } = answer.body.data.deadLetters.pageInfo;
      after = hasNextPage === true ? (endCursor as string) : undefined;
    } while (after !== undefined);
    expect(seen).toEqual(all);
  }
  expect(await listed({ kind: 'OUTBOX_MESSAGE' })).toEqual(
    [3, 2, 1].map((n) => `dead_OUTBOX_MESSAGE:message_${String(n)}`),
  );
  const { body } = await operator.gql(LIST, { kind: 'USAGE_REPORT', first: 1 });
  expect(body.data.deadLetters.edges[0].node).toEqual({
    id: 'dead_USAGE_REPORT:usage:newer',
    kind: 'USAGE_REPORT',
    subject: '2026-01-02T03Z',
    error: 'Stripe said no.',
    attempts: 50,
    deadAt: '2026-01-02T03:04:05.679Z',
    accountId: 'usage:newer',
  });
});

test('an event that is replayed is handled, and its credit given, by the work of the background', async () => {
  const customer = await shop.customer();
  const purchase = await shop.buy(customer);
  shop.double.payments.pay(shop.page(purchase), CARD);
  const event = shop.news().find(({ type }) => type === 'checkout.session.completed');
  if (event === undefined) throw new Error('Nothing was completed.');
  const { id: objectId, object } = event.data.object as { id: string; object: string };
  await shop.database.query(
    `INSERT INTO stripe_event (endpoint, id, type, object_id, payload, attempts, error, dead_at)
     VALUES ('/webhooks/stripe', $1, $2, $3, $4, 9, 'A bad day.', now())`,
    [event.id, event.type, objectId, JSON.stringify({ object: { id: objectId, object } })],
  );
  const id = `dead_STRIPE_EVENT:${event.id}`;
  // Two operators at once: one replays it, the other is told that it is no more.
  const answers = await Promise.all([1, 2].map(() => operator.gql(REPLAY, { id })));
  expect(answers.map(codeOf).sort()).toEqual(['NOT_FOUND', undefined]);
  await until('the credit', async () =>
    (await shop.posted(customer)) === 10n * DOLLAR ? true : undefined,
  );
  expect(await listed()).toEqual([]);
});

test('all of a kind are replayed, and no other; twice is none the second time', async () => {
  await insertReport('usage:1');
  await insertReport('usage:2');
  await insertMessage('message_1');
  const [first, second] = [
    await operator.gql(REPLAY_ALL, { kind: 'USAGE_REPORT' }),
    await operator.gql(REPLAY_ALL, { kind: 'USAGE_REPORT' }),
  ];
  expect(first.body.data.replayDeadLetters).toEqual({ count: 2, userErrors: [] });
  expect(second.body.data.replayDeadLetters).toEqual({ count: 0, userErrors: [] });
  expect(await listed()).toEqual(['dead_OUTBOX_MESSAGE:message_1']);
  const rows = await shop.database.query('SELECT attempts, dead_reason, sent_at FROM usage_report');
  expect(rows).toEqual(Array(2).fill({ attempts: 0, dead_reason: null, sent_at: null }));
});

test('what is dismissed leaves the list and the counts, stays in its table, and never comes back', async () => {
  await insertEvent('evt_1');
  await insertReport('usage:1');
  for (const id of ['dead_STRIPE_EVENT:evt_1', 'dead_USAGE_REPORT:usage:1']) {
    expect(codeOf(await operator.gql(DISMISS, { id, reason: 'Settled by hand' }))).toBeUndefined();
    expect(codeOf(await operator.gql(DISMISS, { id, reason: 'Again' }))).toBe('NOT_FOUND');
    expect(codeOf(await operator.gql(REPLAY, { id }))).toBe('NOT_FOUND');
  }
  expect(await listed()).toEqual([]);
  const { stripeEvents, usageReports } = shop.app.services;
  expect(await stripeEvents.counts()).toEqual({ waiting: 0, dead: 0 });
  expect(await usageReports.counts()).toEqual({ waiting: 0, dead: 0 });
  expect(
    (await operator.gql(REPLAY_ALL, { kind: 'STRIPE_EVENT' })).body.data.replayDeadLetters,
  ).toEqual({ count: 0, userErrors: [] });
  expect(await shop.database.query('SELECT id FROM stripe_event')).toEqual([{ id: 'evt_1' }]);
  const log = await shop.database.query(
    `SELECT target, details FROM audit_event WHERE action = 'dead-letter.dismissed' ORDER BY target`,
  );
  expect(log).toEqual([
    { target: 'dead_STRIPE_EVENT:evt_1', details: { reason: 'Settled by hand' } },
    { target: 'dead_USAGE_REPORT:usage:1', details: { reason: 'Settled by hand' } },
  ]);
});

test('ids that none has, and bad reasons, are refused; an operator sees one as a node', async () => {
  await insertEvent('evt_1');
  for (const id of [
    '',
    'dead_',
    'dead_NOTHING:x',
    'dead_STRIPE_EVENT:evt_2',
    'dead_STRIPE_EVENT:\0',
    newId('run'),
    'x'.repeat(10_000),
  ]) {
    expect(codeOf(await operator.gql(REPLAY, { id }))).toBe('NOT_FOUND');
    expect(codeOf(await operator.gql(DISMISS, { id, reason: 'x' }))).toBe('NOT_FOUND');
  }
  const id = 'dead_STRIPE_EVENT:evt_1';
  for (const reason of ['', 'a\0', 'x'.repeat(501)]) {
    expect(codeOf(await operator.gql(DISMISS, { id, reason }))).toBe('BAD_USER_INPUT');
  }
  for (const after of ['x', 'WzFd']) {
    expect(codeOf(await operator.gql(LIST, { after }))).toBe('BAD_USER_INPUT');
  }
  const { body } = await operator.gql('query ($id: ID!) { node(id: $id) { id } }', { id });
  expect(body.data.node).toEqual({ id });
  const customer = await shop.customer();
  const asked = await customer.gql('query ($id: ID!) { node(id: $id) { id } }', { id });
  expect(asked.body.data.node).toBeNull();
});

test('a mail that was given up is sent again, or dismissed for good', async () => {
  const insert = async (id: string) => {
    await shop.database.query(
      `INSERT INTO notification (id, type, data, mail_subject, mail_text) VALUES ($1, 'model.live', '{}', 'Live', 'It is.')`,
      [`test:${id}`],
    );
    await shop.database.query(
      `INSERT INTO notification_delivery (id, notification_id, queue, recipient, state, attempts, error, ended_at)
       VALUES ($1, 'test:' || $1, 'mail', 'ada@example.org', 'DEAD', 10, 'No such mailbox.', now())`,
      [id],
    );
  };
  await insert('dlv_again');
  await insert('dlv_never');
  const again = 'dead_NOTIFICATION_DELIVERY:dlv_again';
  const never = 'dead_NOTIFICATION_DELIVERY:dlv_never';
  expect((await listed()).sort()).toEqual([again, never]);
  expect(codeOf(await operator.gql(DISMISS, { id: never, reason: 'gone' }))).toBeUndefined();
  expect(codeOf(await operator.gql(REPLAY, { id: again }))).toBeUndefined();
  expect(await listed()).toEqual([]);
  await until('the mail', async () => {
    const [row] = await shop.database.query<{ state: string }>(
      `SELECT state FROM notification_delivery WHERE id = 'dlv_again'`,
    );
    return row?.state === 'DELIVERED' ? true : undefined;
  });
  expect(codeOf(await operator.gql(REPLAY, { id: never }))).toBe('NOT_FOUND');
});
