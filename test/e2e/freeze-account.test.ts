import type { App } from '../../src/app/app.js';
import { errorOf, type GraphQLAnswer, postGraphQL } from '../support/app.js';
import {
  answersIn,
  type BatchPlatform,
  classifyLines,
  createBatch,
  DOLLAR,
  ended,
  startBatchPlatform,
  uploadLines,
} from '../support/batches.js';
import { BALANCE, CLASSIFY, fresh, input } from '../support/classify.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { BUY, codeOf } from '../support/payments.js';
import { ownAccountOf, type Person, personOn, signUp } from '../support/people.js';
import { bearer } from '../support/platform.js';
import { until } from '../support/process.js';

const outbox = temporaryFolder();
let t: BatchPlatform;
let other: App;
let otherUrl: string;
let operator: Person;
beforeAll(async () => {
  t = await startBatchPlatform(mailTo(outbox.path));
  operator = await newOperator(t, outbox.path);
  other = await t.anotherServer();
  otherUrl = await other.server.listen({ port: 0, host: '127.0.0.1' });
});
afterEach(() => t.verify());
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const FREEZE = `mutation ($id: ID!, $reason: String!) {
  freezeAccount(input: { id: $id, reason: $reason }) {
    account { status frozenReason frozenAt }
    userErrors { code message path details }
  }
}`;
const UNFREEZE = `mutation ($id: ID!) { unfreezeAccount(input: { id: $id }) { account { status frozenReason } userErrors { code message path details } } }`;
const LIMITS = `mutation ($id: ID!, $rate: Int, $most: Int) {
  updateAccountLimits(input: { id: $id, ratePerMinute: $rate, concurrencyMax: $most }) {
    account { limits { ratePerMinute concurrencyMax } }
    userErrors { code message path details }
  }
}`;
const REASON = 'A chargeback is being looked into';

const freeze = (id: string, reason = REASON) => operator.gql(FREEZE, { id, reason });
const unfreeze = (id: string) => operator.gql(UNFREEZE, { id });
const messageOf = ({ body }: GraphQLAnswer) => errorOf({ body })?.message;
const call = (url: string, secret: string, more = {}) =>
  postGraphQL(
    url,
    { query: CLASSIFY, variables: input({ labels: ['cat'], ...more }) },
    bearer(secret),
  );
const auditOf = async (accountId: string) =>
  (
    await t.database.query<{ action: string }>(
      'SELECT action FROM audit_event WHERE account_id = $1 ORDER BY created_at, id',
      [accountId],
    )
  ).map(({ action }) => action);

test('a frozen account is refused by every server, told why and whom to ask, and reads on', async () => {
  const { caller } = await t.customer(DOLLAR, { scopes: ['INFERENCE', 'READ', 'BILLING'] });
  // Both servers know the key.
  for (const url of [t.url, otherUrl])
    expect(codeOf(await call(url, caller.secret))).toBeUndefined();
  const { body } = await freeze(caller.accountId);
  expect(body.data.freezeAccount.account).toMatchObject({ status: 'FROZEN', frozenReason: REASON });
  // At once: the ledger does not hold for it, whatever a server remembers.
  for (const url of [t.url, otherUrl]) {
    const refused = await call(url, caller.secret);
    expect(codeOf(refused)).toBe('FORBIDDEN');
    expect(messageOf(refused)).toContain(`${REASON}. `);
    expect(messageOf(refused)).toContain(`Ask the operators of this platform`);
    expect(messageOf(refused)).toContain(caller.accountId);
    await until('purchases to be refused', async () => {
      const query = {
        query: BUY,
        variables: { input: { amount: '10.00', idempotencyKey: 'a' } },
      };
      const answer = await postGraphQL(url, query, bearer(caller.secret));
      return codeOf(answer) === 'FORBIDDEN' ? true : undefined;
    });
    for (const path of ['/v1/files', '/v1/embeddings', '/v1/batches']) {
      const response = await fetch(url + path, { method: 'POST', headers: bearer(caller.secret) });
      expect([path, response.status]).toEqual([path, 403]);
      expect(await response.text()).toContain(REASON);
    }
    const reads = await postGraphQL(
      url,
      {
        query: `{ account { balance { postedNanos } ledger { edges { node { kind } } } runs { edges { node { status } } } } }`,
      },
      bearer(caller.secret),
    );
    expect(errorOf(reads)).toBeUndefined();
    expect(reads.body.data.account.ledger.edges).not.toHaveLength(0);
  }
  await unfreeze(caller.accountId);
  for (const url of [t.url, otherUrl]) {
    await until('calls to go again', async () =>
      codeOf(await call(url, caller.secret)) === undefined ? true : undefined,
    );
  }
  expect(await auditOf(caller.accountId)).toEqual(
    expect.arrayContaining(['account.frozen', 'account.unfrozen']),
  );
});

test('a person on a frozen account reads, is told so, and cannot end it; other accounts of theirs go on', async () => {
  const person = await signUp({ url: t.url, outboxDir: outbox.path }, 'frozen@example.org');
  const { body } = await person.gql('{ viewer { accounts { id } } }');
  const id = body.data.viewer.accounts[0].id as string;
  await freeze(id);
  const viewer = await person.gql('{ viewer { accounts { id frozenReason } } }');
  expect(viewer.body.data.viewer.accounts).toEqual([{ id, frozenReason: REASON }]);
  expect(codeOf(await person.gql(CLASSIFY, input({ labels: ['cat'] })))).toBe('FORBIDDEN');
  expect(
    codeOf(
      await person.gql(
        'mutation { redeemPromoCode(input: { code: "ABCD" }) { promoCode { code } userErrors { code message path details } } }',
      ),
    ),
  ).toBe('FORBIDDEN');
  expect(codeOf(await person.gql(BALANCE))).toBeUndefined();
  const closing = await person.gql(
    `mutation { closeAccount(input: { accountId: "${await ownAccountOf(person)}", giveUpCredit: true }) { userErrors { code message path details } } }`,
  );
  expect([codeOf(closing), messageOf(closing)]).toEqual([
    'FORBIDDEN',
    expect.stringContaining(REASON),
  ]);
  const [row] = await t.database.query('SELECT posted FROM account_balance WHERE account_id = $1', [
    id,
  ]);
  expect(row).toEqual({ posted: '100000000' });
  const organization = await person.gql(
    'mutation { createOrganization(input: { name: "Other" }) { account { id } userErrors { code message path details } } }',
  );
  const other = organization.body.data.createOrganization.account.id as string;
  const spends = await personOn(t.url, person, other).gql(CLASSIFY, input({ labels: ['cat'] }));
  expect(codeOf(spends)).toBe('INSUFFICIENT_CREDIT');
});

test('under load: what ran before the freeze is charged exactly, and nothing begins after it', async () => {
  const { caller } = await t.customer(DOLLAR);
  let frozen = false;
  const charged: bigint[] = [];
  const late: GraphQLAnswer[] = [];
  let refused = 0;
  const client = async (url: string) => {
    while (refused < 20) {
      const beganAfter = frozen;
      const answer = await call(url, caller.secret, { labels: fresh(2) });
      if (codeOf(answer) === undefined) {
        charged.push(BigInt(answer.body.data.classifyImage.cost.chargedNanos as string));
        if (beganAfter) late.push(answer);
      } else if (codeOf(answer) === 'FORBIDDEN') refused += 1;
      else throw new Error(JSON.stringify(answer.body));
    }
  };
  const load = Promise.all([t.url, otherUrl, t.url, otherUrl].map(client));
  await until('some calls', () => (charged.length >= 5 ? true : undefined));
  await freeze(caller.accountId);
  frozen = true;
  await load;
  expect(late).toEqual([]);
  const spent = charged.reduce((sum, one) => sum + one, 0n);
  expect(await t.money(caller)).toEqual({ posted: DOLLAR - spent, held: 0n });
});

test('open lines of a batch wait while the account is frozen, and run when it is not', async () => {
  const { caller, client } = await t.customer();
  const file = await uploadLines(client, classifyLines(30));
  const release = t.gate.hold(10);
  const { id } = await createBatch(client, '/v1/classify', file);
  await freeze(caller.accountId);
  release();
  // What was taken up ends; nothing is taken up any more.
  const linesLeft = async () => {
    const [row] = await t.database.query<{ open: number; taken: number }>(
      `SELECT count(*)::int AS open, count(*) FILTER (WHERE free_at > now())::int AS taken
         FROM batch_line WHERE batch_id = $1 AND state = 'OPEN'`,
      [id],
    );
    return row ?? { open: 0, taken: 0 };
  };
  const left = await until('lines in hand to end', async () => {
    const { open, taken } = await linesLeft();
    return taken === 0 ? open : undefined;
  });
  expect(left).toBeGreaterThan(0);
  for (const app of [t.app, other]) {
    await app.services.batchWorker.turn();
    await app.services.batchWorker.turn();
  }
  expect(await linesLeft()).toEqual({ open: left, taken: 0 });
  await unfreeze(caller.accountId);
  const batch = await until('the key to go again', () => ended(client, id).catch(() => undefined));
  expect(batch.status).toBe('completed');
  expect((await answersIn(client, batch.output_file_id)).size).toBe(30);
});

test('two operators who freeze at once make one freeze; another reason is refused; a closed account too', async () => {
  const { caller } = await t.customer();
  const answers = await Promise.all([freeze(caller.accountId), freeze(caller.accountId)]);
  expect(answers.map(codeOf)).toEqual([undefined, undefined]);
  expect(await auditOf(caller.accountId)).toEqual(expect.arrayContaining(['account.frozen']));
  expect((await auditOf(caller.accountId)).filter((one) => one === 'account.frozen')).toHaveLength(
    1,
  );
  expect(codeOf(await freeze(caller.accountId, 'Something else'))).toBe('CONFLICT');
  await Promise.all([unfreeze(caller.accountId), unfreeze(caller.accountId)]);
  expect(
    (await auditOf(caller.accountId)).filter((one) => one === 'account.unfrozen'),
  ).toHaveLength(1);
  await t.database.query(`UPDATE account SET status = 'CLOSED' WHERE id = $1`, [caller.accountId]);
  expect(codeOf(await freeze(caller.accountId))).toBe('CONFLICT');
});

test('limits of an account are seen by every server, and go back to what everybody has', async () => {
  const { caller } = await t.customer();
  const policyOf = async (url: string) =>
    (await call(url, caller.secret)).headers.get('ratelimit-policy');
  const seen = (policy: string) =>
    Promise.all(
      [t.url, otherUrl].map((url) =>
        until(policy, async () => ((await policyOf(url)) === policy ? true : undefined)),
      ),
    );
  const usual = (await policyOf(t.url)) ?? '';
  const set = await operator.gql(LIMITS, { id: caller.accountId, rate: 7_777, most: 1 });
  expect(set.body.data.updateAccountLimits.account.limits).toEqual({
    ratePerMinute: 7_777,
    concurrencyMax: 1,
  });
  await seen('"calls";q=7777;w=60');
  const both = await Promise.all(
    [1, 2].map(() => call(t.url, caller.secret, { labels: fresh(100) })),
  );
  expect(both.map(codeOf).sort()).toEqual(['RATE_LIMITED', undefined]);
  // What is left out stays; null goes back.
  const rateOnly = await operator.gql(LIMITS, { id: caller.accountId, rate: null });
  expect(rateOnly.body.data.updateAccountLimits.account.limits).toEqual({
    ratePerMinute: null,
    concurrencyMax: 1,
  });
  await operator.gql(LIMITS, { id: caller.accountId, most: null });
  await seen(usual);
  for (const bad of [
    { rate: 0 },
    { rate: -1 },
    { rate: 1_000_001 },
    { most: 0 },
    { most: 10_001 },
  ]) {
    expect(codeOf(await operator.gql(LIMITS, { id: caller.accountId, ...bad }))).toBe(
      'BAD_USER_INPUT',
    );
  }
});

test('unknown ids, bad reasons and ids with a NUL are refused, and change nothing', async () => {
  const { caller } = await t.customer();
  for (const id of ['acct_unknown', 'acct_\0', '', 'run_1', 'x'.repeat(10_000)]) {
    for (const answer of [
      await freeze(id),
      await unfreeze(id),
      await operator.gql(LIMITS, { id }),
    ]) {
      expect(codeOf(answer)).toBe('NOT_FOUND');
    }
  }
  for (const reason of ['', '   ', 'a\0b', 'x'.repeat(501)]) {
    expect(codeOf(await freeze(caller.accountId, reason))).toBe('BAD_USER_INPUT');
  }
  expect(codeOf(await caller.gql(BALANCE))).toBeUndefined();
  expect(await auditOf(caller.accountId)).not.toContain('account.frozen');
});
