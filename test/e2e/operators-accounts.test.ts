import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { type GraphQLAnswer, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { codeOf } from '../support/payments.js';
import { type Person, personOf, signUp } from '../support/people.js';
import { newCaller } from '../support/platform.js';

const outbox = temporaryFolder();
let t: TestApp;
let operator: Person;
let customer: Person;
let customerId: string;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, config: mailTo(outbox.path) });
  operator = await newOperator(t, outbox.path);
  customer = await signUp({ url: t.url, outboxDir: outbox.path }, 'some.customer@example.org');
  const { body } = await customer.gql('{ viewer { accounts { id } } }');
  customerId = body.data.viewer.accounts[0].id as string;
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

/** As many as a page may have: their members would cost too much. */
const NAMES = `{ accounts(first: 100) { edges { node { id name } } } }`;
const ACCOUNTS = `query ($search: String, $status: AccountStatus, $first: Int! = 20, $after: String) {
  accounts(search: $search, status: $status, first: $first, after: $after) {
    edges {
      node {
        id name status
        balance { postedNanos heldNanos debtNanos }
        memberCount apiKeyCount
        members(first: 2) { nodes { role user { email } } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

interface Listed {
  readonly id: string;
  readonly name: string;
}
const nodesOf = ({ body }: GraphQLAnswer): Listed[] =>
  (body.data.accounts.edges as { node: Listed }[]).map(({ node }) => node);
const found = async (search: string) =>
  nodesOf(await operator.gql(ACCOUNTS, { search })).map(({ id }) => id);

describe('accounts', () => {
  test('are found by name, id, address of a member, and beginning of a key, in any case', async () => {
    const caller = await newCaller(t, 0n);
    await t.database.query(`UPDATE account SET name = 'Café & Co 100%_a' WHERE id = $1`, [
      caller.accountId,
    ]);
    expect(await found('CAFÉ & c')).toEqual([caller.accountId]);
    expect(await found(caller.accountId)).toEqual([caller.accountId]);
    expect(await found(caller.accountId.toUpperCase())).toEqual([caller.accountId]);
    expect(await found('SOME.customer@')).toEqual([customerId]);
    expect(await found(caller.secret.slice(0, 9))).toContain(caller.accountId);
    // Somebody pastes a whole key.
    expect(await found(caller.secret)).toContain(caller.accountId);
    expect(await found('nobody has this')).toEqual([]);
    const { body } = await operator.gql(ACCOUNTS, { search: 'some.customer' });
    expect(body.data.accounts.edges[0].node).toEqual({
      id: customerId,
      name: 'Test',
      status: 'ACTIVE',
      balance: { postedNanos: '100000000', heldNanos: '0', debtNanos: '0' },
      memberCount: 1,
      apiKeyCount: 0,
      members: { nodes: [{ role: 'OWNER', user: { email: 'some.customer@example.org' } }] },
    });
  });

  test('what people type stands for itself: no wildcards; too much and a NUL are refused', async () => {
    expect(await found('100%_A')).toHaveLength(1);
    for (const search of ['%', '_______', '100_', '\\', "' OR 1=1 --", 'gr-%']) {
      const names = nodesOf(await operator.gql(ACCOUNTS, { search })).map(({ name }) => name);
      expect(names.filter((name) => !name.includes(search))).toEqual([]);
    }
    for (const search of ['a\0b', 'x'.repeat(10_000)]) {
      expect(codeOf(await operator.gql(ACCOUNTS, { search }))).toBe('BAD_USER_INPUT');
    }
    for (const after of ['x', 'acct_\0', '💥']) {
      expect(codeOf(await operator.gql(ACCOUNTS, { after }))).toBe('BAD_USER_INPUT');
    }
  });

  test('pages show each account once, while others are opened', async () => {
    const before = new Set(nodesOf(await operator.gql(NAMES)).map(({ id }) => id));
    for (let n = 0; n < 7; n += 1) before.add((await newCaller(t, 0n)).accountId);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const answer = await operator.gql(ACCOUNTS, { first: 2, after });
      seen.push(...nodesOf(answer).map(({ id }) => id));
      const { hasNextPage, endCursor } = answer.body.data.accounts.pageInfo;
      after = hasNextPage === true ? (endCursor as string) : undefined;
      await newCaller(t, 0n);
    } while (after !== undefined);
    expect(seen).toHaveLength(before.size);
    expect(new Set(seen)).toEqual(before);
    expect([...seen].sort().reverse()).toEqual(seen);
  });

  test('are listed by status', async () => {
    const { accountId } = await newCaller(t, 0n);
    await operator.gql(
      'mutation ($id: ID!) { freezeAccount(input: { id: $id, reason: "x" }) { account { id } userErrors { code message path details } } }',
      { id: accountId },
    );
    const frozen = nodesOf(await operator.gql(ACCOUNTS, { status: 'FROZEN' }));
    expect(frozen.map(({ id }) => id)).toEqual([accountId]);
  });

  test('one is read by its id, also as a node, by operators and its own people alone', async () => {
    const query = `query ($id: ID!) { account(id: $id) { id memberCount } node(id: $id) { id __typename } }`;
    const { body } = await operator.gql(query, { id: customerId });
    expect(body.data).toEqual({
      account: { id: customerId, memberCount: 1 },
      node: { id: customerId, __typename: 'Account' },
    });
    expect((await customer.gql(query, { id: customerId })).body.data).toEqual(body.data);
    for (const id of ['acct_unknown', 'acct_\0', '']) {
      expect((await operator.gql(query, { id })).body.data).toEqual({ account: null, node: null });
    }
    const stranger = await newCaller(t, 0n);
    expect((await stranger.gql(query, { id: customerId })).body.data).toEqual({
      account: null,
      node: null,
    });
    expect((await customer.gql(query, { id: stranger.accountId })).body.data).toEqual({
      account: null,
      node: null,
    });
  });

  test('their ledgers are read by operators', async () => {
    const query = `query ($id: ID!) { account(id: $id) { ledger { edges { node { kind nanos reason } } } } }`;
    const { body } = await operator.gql(query, { id: customerId });
    expect(body.data.account.ledger.edges).toEqual([
      { node: { kind: 'GRANT', nanos: '100000000', reason: 'Free credit at sign-up' } },
    ]);
    for (const id of ['acct_unknown', 'acct_\0']) {
      expect((await operator.gql(query, { id })).body).toMatchObject({ data: { account: null } });
    }
  });
});

describe('credit that operators move', () => {
  const GRANT = `mutation ($input: GrantCreditsInput!) { grantCredits(input: $input) { transactionId userErrors { code message path details } } }`;
  const events = (accountId: string) =>
    t.database.query<{ action: string; target: string }>(
      `SELECT action, target, user_id FROM audit_event WHERE account_id = $1 AND action LIKE 'credit.%'`,
      [accountId],
    );

  test('is written down in the same transaction, once however often it is sent', async () => {
    const { accountId } = await newCaller(t, 0n);
    const input = { accountId, nanos: '5', reason: 'goodwill', idempotencyKey: 'once' };
    const answers = await Promise.all([1, 2, 3].map(() => operator.gql(GRANT, { input })));
    expect(answers.map(codeOf)).toEqual([undefined, undefined, undefined]);
    expect(await events(accountId)).toHaveLength(1);
    // Without the log there is no grant.
    await t.database.query('ALTER TABLE audit_event RENAME TO audit_event_away');
    try {
      const failed = await operator.gql(GRANT, { input: { ...input, idempotencyKey: 'two' } });
      expect(codeOf(failed)).toBe('INTERNAL');
    } finally {
      await t.database.query('ALTER TABLE audit_event_away RENAME TO audit_event');
    }
    expect((await t.app.services.credits.balance(accountId)).postedNanos).toBe(5n);
  });

  test('needs an account, a reason, and text that a database can keep', async () => {
    const good = { accountId: customerId, nanos: '5', reason: 'goodwill', idempotencyKey: 'good' };
    expect(codeOf(await operator.gql(GRANT, { input: { ...good, accountId: 'acct_\0' } }))).toBe(
      'NOT_FOUND',
    );
    for (const bad of [{ reason: '' }, { reason: 'a\0' }, { idempotencyKey: 'a\0' }]) {
      expect(codeOf(await operator.gql(GRANT, { input: { ...good, ...bad } }))).toBe(
        'BAD_USER_INPUT',
      );
    }
  });
});

describe('operators', () => {
  const SET = `mutation ($email: String!, $operator: Boolean!) {
    setOperator(input: { email: $email, isOperator: $operator }) {
      operators { email }
      userErrors { code message path details }
    }
  }`;
  const set = (by: Person, email: string, is: boolean) => by.gql(SET, { email, operator: is });
  let second: App;
  let secondUrl: string;
  beforeAll(async () => {
    const config = { ...readConfig({}), ...mailTo(outbox.path), authSecret: 'x'.repeat(40) };
    second = await createApp(config, t.database.url, { logger: t.app.logger });
    secondUrl = await second.server.listen({ port: 0, host: '127.0.0.1' });
  });
  afterAll(() => second.stop());

  test('make others operators, and no longer; never is the last one taken away, also when two race', async () => {
    const other = await signUp({ url: t.url, outboxDir: outbox.path }, 'second@example.org');
    expect(codeOf(await other.gql('{ operators { email } }'))).toBe('FORBIDDEN');
    const { body } = await set(operator, 'SECOND@example.org', true);
    expect(body.data.setOperator.operators).toEqual([
      { email: 'operator@example.org' },
      { email: 'second@example.org' },
    ]);
    expect(codeOf(await other.gql('{ operators { email } }'))).toBeUndefined();
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all([
        set(operator, other.email, false),
        set(other, operator.email, false),
      ]);
      const codes = answers.map(codeOf);
      // One goes; the other finds that it is the last, or no operator any more.
      expect(codes.filter((code) => code === undefined)).toHaveLength(1);
      const [{ count }] = (await t.database.query(
        'SELECT count(*)::int AS count FROM app_user WHERE operator',
      )) as [{ count: number }];
      expect(count).toBe(1);
      await t.app.services.accounts.setOperator(operator.email, true);
      await t.app.services.accounts.setOperator(other.email, true);
    }
    await set(operator, other.email, false);
    expect(codeOf(await set(operator, operator.email, false))).toBe('CONFLICT');
    expect(codeOf(await set(operator, 'stranger@example.org', true))).toBe('NOT_FOUND');
    for (const email of ['nobody', 'a\0@b', `${'x'.repeat(10_000)}@example.org`]) {
      expect(codeOf(await set(operator, email, true))).toBe('BAD_USER_INPUT');
    }
  });

  test('every server knows at once who is none any more', async () => {
    const other = await signUp({ url: t.url, outboxDir: outbox.path }, 'third@example.org');
    const there = personOf(secondUrl, other.email, other.token);
    await set(operator, other.email, true);
    expect(codeOf(await there.gql('{ operators { email } }'))).toBeUndefined();
    await set(operator, other.email, false);
    expect(codeOf(await there.gql('{ operators { email } }'))).toBe('FORBIDDEN');
  });
});
