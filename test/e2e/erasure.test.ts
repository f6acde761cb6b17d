import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import {
  mailAfter,
  PASSWORD,
  type Person,
  personOf,
  personOn,
  SIGN_IN,
  SIGN_UP,
  signUp,
} from '../support/people.js';
import { setUpSecondFactor } from '../support/second-factor.js';
import { until } from '../support/process.js';

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    config: mailTo(outbox.path),
  });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

let people = 0;
const newPerson = () =>
  signUp({ url: t.url, outboxDir: outbox.path }, `erased${String((people += 1))}@example.org`);
const ERASE = `mutation ($email: String!, $giveUp: Boolean!) {
  eraseMe(input: { email: $email, giveUpCredit: $giveUp }) { userErrors { code message path details } }
}`;
const erase = (person: Person, email = person.email, giveUp = true) =>
  person.gql(ERASE, { email, giveUp });

const idOf = async (person: Person) =>
  (await person.gql('{ viewer { user { id } } }')).body.data.viewer.user.id as string;
const accountOf = async (person: Person) =>
  (await person.gql('{ viewer { accounts { id } } }')).body.data.viewer.accounts[0].id as string;

/** Every row of every table that contains a text, as `table: row`. */
async function rowsWith(text: string): Promise<string[]> {
  const tables = await t.database.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await t.database.query<{ row: string }>(
      `SELECT x::text AS row FROM ${name} x WHERE position(lower($1) IN lower(x::text)) > 0`,
      [text],
    );
    found.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  return found;
}

test('a person is deleted for good: no row names them, and the books stay, under an id of nobody', async () => {
  const { email } = await newPerson();
  await setUpSecondFactor(t.url, email);
  await t.database.query('UPDATE app_user SET two_factor_enabled = false WHERE email = $1', [
    email,
  ]);
  const { token } = (await t.gql(SIGN_IN, { email, password: PASSWORD })).body.data.signIn;
  const person = personOf(t.url, email, token as string);
  const [userId, accountId] = [await idOf(person), await accountOf(person)];
  await t.database.query(`UPDATE app_user SET name = 'Augusta Ada King' WHERE id = $1`, [userId]);
  for (const name of ['Augusta Ada King', 'Ada King']) {
    const rename = `mutation ($name: String!) { updateAccount(input: { name: $name }) { account { name } } }`;
    expect((await person.gql(rename, { name })).body.data.updateAccount.account).toEqual({ name });
  }
  // Traces of all kinds: a failed sign-in, a mail, a link, a request for a model, an invitation.
  await t.gql(SIGN_IN, { email, password: 'not the password' });
  await person.gql(
    'mutation { requestModel(input: { slug: "wanted/model", useCase: "for Ada King" }) { modelRequest { id } userErrors { code message path details } } }',
  );
  await t.gql(
    'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }',
    { email },
  );
  const other = await newPerson();
  const { body } = await other.gql(
    'mutation { createOrganization(input: { name: "O" }) { account { id } userErrors { code message path details } } }',
  );
  const organization = body.data.createOrganization.account.id as string;
  await personOn(t.url, other, organization).gql(
    'mutation ($email: String!) { inviteMember(input: { email: $email }) { invitation { id } userErrors { code message path details } } }',
    { email },
  );
  await person.gql(
    'mutation { createApiKey(input: { name: "k" }) { secret userErrors { code message path details } } }',
  );
  await until('a mail about the key', async () =>
    (await rowsWith(email)).find((row) => row.startsWith('notification_delivery')),
  );
  const ledger = async () =>
    t.database.query(
      `SELECT (SELECT count(*) FROM journal_entry WHERE ledger_account = $1) AS entries,
              (SELECT count(*) FROM api_key WHERE account_id = $1) AS keys`,
      [accountId],
    );
  const [before] = await ledger();

  expect(codeOf(await erase(person))).toBeUndefined();
  expect(await rowsWith(email)).toEqual([]);
  expect(await rowsWith('Ada King')).toEqual([]);
  expect(codeOf(await person.gql('{ viewer { user { email } } }'))).toBe('UNAUTHENTICATED');
  expect(codeOf(await t.gql(SIGN_IN, { email, password: PASSWORD }))).toBe('UNAUTHENTICATED');
  const traces = await rowsWith(userId);
  expect(
    traces.filter((row) =>
      /^(app_user|session|identity|two_factor|known_device|membership):/.test(row),
    ),
  ).toEqual([]);
  expect(
    traces.filter((row) => row.startsWith('audit_event') && row.includes('127.0.0.1')),
  ).toEqual([]);
  expect(traces.some((row) => row.includes('user.erased'))).toBe(true);
  const [after] = await ledger();
  // Closing gave the credit up, by an entry.
  expect(Number(after?.entries)).toBeGreaterThanOrEqual(Number(before?.entries));
  expect(after?.keys).toBe(before?.keys);
  const findings = await t.app.services.credits.verify();
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
});

test('the audit log stays what it is otherwise', async () => {
  await newPerson();
  for (const change of [
    `UPDATE audit_event SET action = 'other'`,
    `UPDATE audit_event SET ip_address = '10.0.0.1'`,
    `UPDATE audit_event SET ip_address = NULL, target = NULL`,
    `DELETE FROM audit_event`,
    `TRUNCATE audit_event`,
  ]) {
    await expect(t.database.query(change)).rejects.toThrow('append-only');
  }
});

test('the address can sign up again, as somebody new, without credit again', async () => {
  const person = await newPerson();
  const { email } = person;
  const before = await idOf(person);
  await erase(person);
  const again = await signUp({ url: t.url, outboxDir: outbox.path }, email);
  expect(await idOf(again)).not.toBe(before);
  expect(
    (await again.gql('{ account { creditLots { nodes { source } } } }')).body.data.account
      .creditLots.nodes,
  ).toEqual([]);
});

test('it takes a recent proof, the own address, and a word about credit', async () => {
  const person = await newPerson();
  expect(codeOf(await erase(person, 'other@example.org'))).toBe('BAD_USER_INPUT');
  expect(codeOf(await erase(person, person.email, false))).toBe('CONFLICT');
  await t.database.query(`UPDATE session SET confirmed_at = now() - interval '11 minutes'`);
  expect(codeOf(await erase(person))).toBe('FORBIDDEN');
  expect(await rowsWith(person.email)).not.toEqual([]);
  await person.gql(
    'mutation ($password: String) { confirmIdentity(input: { password: $password }) { userErrors { code message path details } } }',
    {
      password: PASSWORD,
    },
  );
  expect(codeOf(await erase(person, person.email.toUpperCase()))).toBeUndefined();
});

test('an organization is not left without an owner, nor the platform without an operator', async () => {
  const [owner, second] = [await newPerson(), await newPerson()];
  const { body } = await owner.gql(
    'mutation { createOrganization(input: { name: "Acme" }) { account { id } userErrors { code message path details } } }',
  );
  const id = body.data.createOrganization.account.id as string;
  const refused = await erase(owner);
  expect([codeOf(refused), errorOf(refused)?.message]).toEqual([
    'CONFLICT',
    expect.stringContaining('Acme'),
  ]);
  // Nothing was done before it was refused.
  expect(errorOf(await owner.gql('{ account { balance { postedNanos } } }'))).toBeUndefined();
  await t.database.query(
    `INSERT INTO membership (account_id, user_id, role) SELECT $1, id, 'OWNER' FROM app_user WHERE email = $2`,
    [id, second.email],
  );
  // Of two at once, one stays.
  const both = await Promise.all([erase(owner), erase(second)]);
  expect(both.map(codeOf).sort()).toEqual(['CONFLICT', undefined]);

  const operator = await newPerson();
  await t.app.services.accounts.setOperator(operator.email, true);
  expect(codeOf(await erase(operator))).toBe('CONFLICT');
  const ERASE_OTHER = `mutation ($email: String!) { erasePerson(input: { email: $email, giveUpCredit: true }) { userErrors { code message path details } } }`;
  const customer = await newPerson();
  expect(codeOf(await customer.gql(ERASE_OTHER, { email: operator.email }))).toBe('FORBIDDEN');
  expect(codeOf(await operator.gql(ERASE_OTHER, { email: customer.email }))).toBeUndefined();
  expect(await rowsWith(customer.email)).toEqual([]);
  expect(codeOf(await operator.gql(ERASE_OTHER, { email: customer.email }))).toBe('NOT_FOUND');
});

test('people can have all that is known of them, without secrets and without what is known of others', async () => {
  const [person, other] = [await newPerson(), await newPerson()];
  await mailAfter(outbox.path, person.email, () => t.gql(SIGN_UP, { email: person.email }));
  await t.gql(SIGN_IN, { email: person.email, password: 'not the password' });
  await person.gql(
    'mutation { createApiKey(input: { name: "mine" }) { secret userErrors { code message path details } } }',
  );
  await person.gql(
    'mutation { requestModel(input: { slug: "wanted/other", useCase: "cats" }) { modelRequest { id } userErrors { code message path details } } }',
  );
  await until('a mail about the key', async () =>
    (await rowsWith(person.email)).find((row) => row.startsWith('notification_delivery')),
  );
  const { personalData } = (await person.gql('{ personalData }')).body.data;
  expect(personalData).toMatchObject({
    person: { email: person.email, name: 'Test', emailVerified: true, operator: false },
    waysToSignIn: [{ kind: 'credential' }],
    sessions: [{ ipAddress: '127.0.0.1' }],
    networks: [{ network: '127.0.0.1' }],
    accounts: [{ kind: 'PERSONAL', role: 'OWNER' }],
    keysMade: [{ name: 'mine' }],
    modelRequests: [{ useCase: 'cats' }],
    mails: [{ subject: 'A new API key was created' }],
  });
  expect(personalData.auditEvents.map(({ action }: { action: string }) => action)).toEqual(
    expect.arrayContaining(['user.signed-in', 'user.sign-in-failed', 'key.created']),
  );
  const text = JSON.stringify(personalData);
  expect(text).not.toContain(other.email);
  expect(text).not.toMatch(/"(?:token|password|secret|hash|backupCodes)"/);
  expect(text).not.toContain(person.token);
});
