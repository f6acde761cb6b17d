import { newId } from '../../src/platform/ids.js';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { codeOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { type Person, signUp } from '../support/people.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const outbox = temporaryFolder();
let t: TestApp;
let operator: Person;
let customer: Person;
let accountId: string;

/** The command as it is installed, on the server's database. */
const gigarouter = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['dist/cli.js', ...args], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', DATABASE_URL: t.database.url },
  });

beforeAll(async () => {
  const mail = { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path };
  t = await startTestApp({ seeded: false, config: { mail } });
  const server = { url: t.url, outboxDir: outbox.path };
  operator = await signUp(server, 'operator@example.org');
  customer = await signUp(server, 'customer@example.org');
  const { body } = await customer.gql('{ viewer { accounts { id } } }');
  accountId = body.data.viewer.accounts[0].id as string;
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const GRANT = `mutation ($input: GrantCreditsInput!) {
  grantCredits(input: $input) {
    transactionId
    account { balance { postedNanos } }
    userErrors { code message path details }
  }
}`;
const ADJUST = `mutation ($input: AdjustCreditsInput!) {
  adjustCredits(input: $input) {
    transactionId
    account { balance { postedNanos } }
    userErrors { code message path details }
  }
}`;
const FREE = 100_000_000n;

const grant = (nanos: string, idempotencyKey: string = newId('grant')) => ({
  input: { accountId, nanos, reason: 'goodwill', idempotencyKey },
});

test('only an operator moves credit, and the command line makes one', async () => {
  expect(codeOf(await operator.gql(GRANT, grant('5')))).toBe('FORBIDDEN');
  await gigarouter('operator', 'operator@example.org');
  const { body } = await operator.gql(GRANT, grant('5'));
  expect(body.data.grantCredits.account.balance.postedNanos).toBe(String(FREE + 5n));
});

test('a grant with an idempotency key is given once; another amount under it is refused', async () => {
  const before = await posted();
  const first = await operator.gql(GRANT, grant('1000', 'promise-1'));
  const again = await operator.gql(GRANT, grant('1000', 'promise-1'));
  expect(again.body.data).toEqual(first.body.data);
  const other = await operator.gql(GRANT, grant('2000', 'promise-1'));
  expect(codeOf(other)).toBe('CONFLICT');
  expect((await posted()) - before).toBe(1000n);
});

test.each(['grantCredits', 'adjustCredits', 'buyCredits', 'refundPurchase'])(
  'no credit moves by %s without an idempotency key',
  async (mutation) => {
    const by = mutation === 'buyCredits' ? customer : operator;
    const { body } = await by.gql(`mutation { ${mutation}(input: {}) { userErrors { code } } }`);
    expect(JSON.stringify(body.errors)).toMatch(/idempotencyKey.{2,4} of required type/);
  },
);

test('a correction takes credit with a reason, never more than is there', async () => {
  const before = await posted();
  const adjust = (nanos: bigint) =>
    operator.gql(ADJUST, {
      input: {
        accountId,
        nanos: String(nanos),
        reason: 'typed wrongly',
        idempotencyKey: String(nanos),
      },
    });
  const tooMuch = await adjust(-before - 1n);
  expect(codeOf(tooMuch)).toBe('INSUFFICIENT_CREDIT');
  const { body } = await adjust(-7n);
  expect(body.data.adjustCredits.account.balance.postedNanos).toBe(String(before - 7n));

  const { body: seen } = await customer.gql(
    '{ account { ledger(first: 1) { edges { node { kind nanos reason } } } auditEvents(first: 1) { nodes { action target ipAddress } } } }',
  );
  expect(seen.data.account.ledger.edges[0].node).toEqual({
    kind: 'ADJUSTMENT',
    nanos: '-7',
    reason: 'typed wrongly',
  });
  expect(seen.data.account.auditEvents.nodes[0]).toMatchObject({
    action: 'credit.adjusted',
    target: body.data.adjustCredits.transactionId,
    ipAddress: '127.0.0.1',
  });
});

test('signing in is written down with where it came from', async () => {
  const { body } = await customer.gql('{ account { auditEvents { nodes { action ipAddress } } } }');
  expect(body.data.account.auditEvents.nodes).toContainEqual({
    action: 'user.signed-in',
    ipAddress: '127.0.0.1',
  });
});

test('--revoke makes an ordinary person of an operator, never of the last; a stranger cannot be made one', async () => {
  await expect(gigarouter('operator', 'operator@example.org', '--revoke')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('must keep an operator') as string,
  });
  await gigarouter('operator', 'customer@example.org');
  await gigarouter('operator', 'operator@example.org', '--revoke');
  const { body } = await operator.gql(GRANT, grant('5'));
  expect(codeOf({ body })).toBe('FORBIDDEN');
  await expect(gigarouter('operator', 'nobody@example.org')).rejects.toMatchObject({ code: 1 });
});

async function posted(): Promise<bigint> {
  const { body } = await customer.gql('{ account { balance { postedNanos } } }');
  return BigInt(body.data.account.balance.postedNanos as string);
}
