import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import path from 'node:path';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { request } from '../support/demand.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { type Person, signUp } from '../support/people.js';
import { until } from '../support/process.js';
import { insertRuns } from '../support/usage.js';

// Each command is a process of its own, and a machine may be busy.

const ROOT = path.resolve(import.meta.dirname, '../..');
const outbox = temporaryFolder();
let t: TestApp;
let person: Person;
let accountId: string;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, config: mailTo(outbox.path) });
  person = await signUp({ url: t.url, outboxDir: outbox.path }, 'somebody@example.org');
  const { body } = await person.gql('{ viewer { accounts { id } } }');
  accountId = body.data.viewer.accounts[0].id as string;
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as it is installed, on the server's database. */
function admin(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', 'admin', ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? '', DATABASE_URL: t.database.url, LOG_LEVEL: 'fatal' },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
  });
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, out, err } = await admin(...args, '--json');
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as Record<string, unknown>;
}

const RUN = {
  model: 'a/b',
  operation: 'classifyImage',
  keyId: null,
  userId: 'usr_1',
  errorCode: null,
  isBatch: false,
  chargedNanos: 7,
  images: 1,
  imagesRan: 1,
  latencyMs: 10,
};

const auditOf = (action: string) =>
  t.database.query('SELECT account_id, user_id, details FROM audit_event WHERE action = $1', [
    action,
  ]);

test('accounts are listed for people and for scripts, frozen, and let go', async () => {
  const table = await admin('accounts', 'list', '--search', 'somebody@');
  expect(table.code).toBe(0);
  expect(table.out.split('\n')[0]).toMatch(/^ACCOUNT +NAME +STATUS +USD +HELD/);
  expect(table.out).toMatch(
    new RegExp(`^${accountId} +Test +ACTIVE +0.10 +0.00 +1 +somebody@`, 'm'),
  );
  const frozen = await json('accounts', 'freeze', accountId, '--reason', 'Looked into');
  expect(frozen).toMatchObject({ id: accountId, status: 'FROZEN', postedNanos: '100000000' });
  const { body } = await person.gql(
    'mutation { openBillingPortal(input: { }) { url userErrors { code message path details } } }',
  );
  expect(errorOf({ body })?.message).toContain('Looked into');
  expect(await auditOf('account.frozen')).toEqual([
    {
      account_id: accountId,
      user_id: null,
      details: { reason: 'Looked into', osUser: userInfo().username },
    },
  ]);
  expect((await admin('accounts', 'show', accountId)).out).toMatch(/frozen because +Looked into/);
  expect(await json('accounts', 'unfreeze', accountId)).toMatchObject({ status: 'ACTIVE' });
});

test('what an account did is read page by page', async () => {
  await insertRuns(t.database, [
    { ...RUN, accountId, id: 'run_first', endedAt: new Date('2026-11-01T10:00:00Z') },
    { ...RUN, accountId, id: 'run_second', endedAt: new Date('2026-11-01T11:00:00Z') },
  ]);
  await t.database.query(
    `INSERT INTO purchase (id, account_id, provider, kind, state, credit_nanos, bonus_nanos, amount_minor, currency, actor, expires_at)
     SELECT 'pur_' || n, $1, 'double', 'CHECKOUT', 'EXPIRED', 5000000000, 500000000, 500, 'usd', 'system', now()
       FROM generate_series(1, 2) AS n`,
    [accountId],
  );
  const ledger = await admin('accounts', 'ledger', accountId);
  expect(ledger.out).toMatch(/^1 +GRANT +0\.10 +0\.10 +\S+ +\S+ +Free credit at sign-up$/m);
  expect(await json('accounts', 'ledger', accountId, '--first', '1')).toMatchObject({
    entries: [{ version: '1', nanos: '100000000' }],
    after: null,
  });
  const runs = await admin('accounts', 'runs', accountId, '--first', '1');
  expect(runs.out).toMatch(
    /^run_second +a\/b +classifyImage +CAPTURED +- +0\.000000007 +10 +2026-11-01T11/m,
  );
  const after = /^More: --after (\S+)$/m.exec(runs.err)?.[1] ?? '';
  expect(await json('accounts', 'runs', accountId, '--after', after)).toMatchObject({
    runs: [{ id: 'run_first', chargedNanos: '7', details: { model: 'a/b' } }],
    after: null,
  });
  const bought = await admin('accounts', 'purchases', accountId, '--first', '1');
  expect(bought.out).toMatch(/^pur_2 +EXPIRED +5\.00 USD +5\.50 +0\.00 /m);
  expect(await json('accounts', 'purchases', accountId, '--after', 'pur_2')).toMatchObject({
    purchases: [{ id: 'pur_1', amountMinor: '500' }],
    after: null,
  });
  for (const list of ['ledger', 'runs', 'purchases']) {
    const unknown = await admin('accounts', list, 'acct_unknown');
    expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('Account not found')]);
  }
  expect((await admin('accounts', 'runs', accountId, '--after', 'nonsense')).code).toBe(1);
  expect((await admin('accounts', 'ledger', accountId, '--after', 'nonsense')).code).toBe(2);
});

test('limits that are left out stay', async () => {
  await json('accounts', 'limits', accountId, '--rate', '6000', '--concurrency', '7');
  expect(await json('accounts', 'limits', accountId, '--concurrency', 'default')).toMatchObject({
    standing: { ratePerMinute: 6000, concurrencyMax: null },
  });
});

test('credit is given and corrected in dollars, once for each idempotency key', async () => {
  const grant = ['credits', 'grant', accountId, '12.50', '--reason', 'x', '--idempotency-key', 'a'];
  for (const balance of [await json(...grant), await json(...grant)]) {
    expect(balance).toMatchObject({ postedNanos: '12600000000' });
  }
  const taken = await admin('credits', 'adjust', accountId, '-2.6', '--reason', 'typed wrongly');
  expect([taken.code, taken.out]).toEqual([0, expect.stringMatching(/ 10\.00\n$/)]);
  expect(await auditOf('credit.granted')).toHaveLength(1);
  const tooMuch = await admin('credits', 'adjust', accountId, '-100', '--reason', 'x');
  expect([tooMuch.code, tooMuch.err]).toEqual([1, expect.stringContaining('enough credit')]);
});

test('promo codes are made, listed and ended', async () => {
  await json('promos', 'create', 'spring-27', '5', '--max', '10', '--days', '30');
  expect((await admin('promos', 'list')).out).toMatch(/^SPRING-27 +5\.00 +0\/10/m);
  expect(await json('promos', 'disable', 'SPRING-27')).toMatchObject({
    disabledAt: expect.any(String) as string,
  });
  const { body } = await person.gql(
    'mutation { redeemPromoCode(input: { code: "SPRING-27" }) { promoCode { code } userErrors { code message path details } } }',
  );
  expect(codeOf({ body })).toBe('NOT_FOUND');
});

test('the demand board is read and planned; a proposal is accepted, and merged away', async () => {
  await request(person, { slug: 'asked/model', monthlyVolume: 999 });
  await request(person, { slug: 'asked/twin' });
  const board = await admin('demand', 'board');
  expect(board.out).toMatch(/^asked\/model +REQUESTED +1 +4 +999 +0\.00/m);
  const first = await json('demand', 'board', '--first', '1');
  expect(first).toMatchObject({ models: [{ monthlyVolume: 999 }] });
  const rest = await admin('demand', 'board', '--after', String(first.after));
  expect(rest.out).toMatch(/asked\/twin/);
  expect(rest.out).not.toMatch(/asked\/model/);
  expect((await admin('demand', 'accept', 'asked/model')).code).toBe(0);
  const plan = ['plan', 'asked/model', '--stage', 'BENCHMARKING', '--expected', '2027-03'];
  expect(
    await json('demand', ...plan, '--launch-credit', '2.50', '--launch-count', '5'),
  ).toMatchObject({
    stage: 'BENCHMARKING',
    expectedOn: '2027-03',
    launchCreditNanos: '2500000000',
  });
  expect(await json('demand', 'comment', 'asked/model', 'Soon')).toMatchObject({
    comments: [{ text: 'Soon', userId: null }],
  });
  expect((await admin('demand', 'merge', 'asked/twin', 'asked/model')).out).toMatch(
    /^asked\/model/m,
  );
  const unknown = await admin('demand', 'merge', 'asked/none', 'asked/model');
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('asked/none')]);
  expect((await admin('demand', 'plan', 'asked/model', '--stage', 'LIVE')).code).toBe(2);
});

test('what was given up is listed, replayed by a server that runs, and dismissed', async () => {
  await t.database.query(
    `INSERT INTO stripe_event (endpoint, id, type, payload, attempts, error, dead_at)
     SELECT '/webhooks/stripe', 'evt_' || n, 'test.event', '{"object":{"object":"test"}}', 9, E'A bad\\nday.', now()
       FROM generate_series(1, 3) n`,
  );
  const first = await admin('dead', 'list', '--first', '2');
  expect(first.out).toMatch(/^dead_STRIPE_EVENT:evt_3 +test\.event +9 +\S+ +A bad day\.$/m);
  const after = /^More: --after (\S+)$/m.exec(first.err)?.[1] ?? '';
  expect(await json('dead', 'list', '--after', after)).toMatchObject({
    deadLetters: [{ id: 'dead_STRIPE_EVENT:evt_1' }],
    after: null,
  });
  await json('dead', 'dismiss', 'dead_STRIPE_EVENT:evt_1', '--reason', 'Known');
  expect(await json('dead', 'replay', 'dead_STRIPE_EVENT:evt_2')).toEqual({ replayed: 1 });
  expect(await json('dead', 'replay', '--kind', 'STRIPE_EVENT')).toEqual({ replayed: 1 });
  await until('the server to handle them', async () => {
    const rows = await t.database.query('SELECT id FROM stripe_event WHERE handled_at IS NOT NULL');
    return rows.length === 2 ? true : undefined;
  });
  expect((await admin('dead', 'list')).out).toBe('None.\n');
  const nothing = await admin('dead', 'replay');
  expect([nothing.code, nothing.err]).toEqual([1, expect.stringContaining('--kind')]);
});

test('background work is shown of servers alone, and begins when it is asked for', async () => {
  const list = await until('the server', async () => {
    const { out } = await admin('jobs', 'list');
    return out.includes('sweeping the ledger') ? out : undefined;
  });
  // The command is a process too, and does no such work.
  expect(list.match(/sweeping the ledger/g)).toHaveLength(1);
  const counts = t.app.services.backgroundJobs.counts.find(({ name }) => name === 'usage reports');
  const before = counts?.turns ?? 0;
  expect(await json('jobs', 'run', 'usage reports')).toEqual({ name: 'usage reports', servers: 1 });
  await until('a turn', () => ((counts?.turns ?? 0) > before ? true : undefined));
  const unknown = await admin('jobs', 'run', 'nothing');
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining('"usage reports"')]);
});

test('operators are added, listed, and removed but for the last', async () => {
  await json('operators', 'add', person.email);
  expect((await admin('operators', 'list')).out).toMatch(/somebody@example\.org/);
  const last = await admin('operators', 'remove', person.email);
  expect([last.code, last.err]).toEqual([1, expect.stringContaining('must keep an operator')]);
  const log = await admin('audit', 'list', '--action', 'operator.added', '--from', '2026-01-01');
  expect(log.out).toMatch(new RegExp(`operator\\.added .* system .*${userInfo().username}`));
});

test('an unknown account ends the command with 1 and the reason', async () => {
  const { code, err } = await admin('accounts', 'show', 'acct_unknown');
  expect([code, err]).toEqual([1, expect.stringContaining('Account not found.')]);
});
