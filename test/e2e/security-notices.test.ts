import { postGraphQL, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import {
  mailAfter,
  mailsTo,
  PASSWORD,
  type Person,
  personOf,
  personOn,
  SIGN_IN,
  signInBrowser,
  signUp,
} from '../support/people.js';
import { until } from '../support/process.js';

/* What may have been somebody else is told by mail, and written down. */

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    // Turns are made here, so that it can be said that nothing comes.
    background: false,
    config: {
      trustProxy: '127.0.0.1',
      ...mailTo(outbox.path),
    },
  });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

let people = 0;
const newPerson = async () => {
  const person = await signUp(
    { url: t.url, outboxDir: outbox.path },
    `noticed${String((people += 1))}@example.org`,
  );
  await tell();
  return person;
};
/** Sends what waits. */
async function tell(): Promise<void> {
  await t.app.services.securityNotices.runOnce();
  await until('the mails to be sent', async () => {
    await t.app.services.notifications.turn();
    const { waiting } = await t.app.services.notifications.counts();
    return waiting === 0 ? true : undefined;
  });
}
async function told({ email }: Person): Promise<string[]> {
  await tell();
  return mailsTo(outbox.path, email)
    .map(({ subject }) => subject)
    .filter((subject) => subject !== 'Confirm your email address');
}
const signInFrom = async (email: string, ip: string, userAgent = 'node', password = PASSWORD) =>
  postGraphQL(
    t.url,
    { query: SIGN_IN, variables: { email, password } },
    { 'x-forwarded-for': ip, 'user-agent': userAgent },
  );
const actionsOf = async ({ gql }: Pick<Person, 'gql'>) => {
  const { auditEvents } = (
    await gql('{ account { auditEvents { nodes { action ipAddress userId target } } } }')
  ).body.data.account;
  return auditEvents.nodes as { action: string; ipAddress: string | null; userId: string | null }[];
};
const NEW_PLACE = 'New sign-in to your account';

test('a sign-in from a new browser or network, and no other', async () => {
  const person = await newPerson();
  expect(await told(person)).toEqual([]);
  await signInFrom(person.email, '127.0.0.1');
  expect(await told(person)).toEqual([]);
  await signInFrom(person.email, '203.0.113.7');
  expect(await told(person)).toEqual([NEW_PLACE]);
  await signInFrom(person.email, '203.0.113.7', 'Another browser');
  expect(await told(person)).toEqual([NEW_PLACE, NEW_PLACE]);
  await signInFrom(person.email, '203.0.113.7', 'Another browser');
  expect(await told(person)).toEqual([NEW_PLACE, NEW_PLACE]);
  const mail = mailsTo(outbox.path, person.email).find(({ subject }) => subject === NEW_PLACE);
  expect(mail?.text).toContain('203.0.113.7');
  expect(mail?.text).toContain('If this was not you, reset your password');
});

test('a password that was changed, or set anew', async () => {
  const person = await newPerson();
  const browser = await signInBrowser(t.url, person.email);
  const body = { currentPassword: 'wrong password', newPassword: 'the second password' };
  await browser.send('/api/auth/change-password', { method: 'POST', body });
  expect(await told(person)).toEqual([]);
  await browser.send('/api/auth/change-password', {
    method: 'POST',
    body: { ...body, currentPassword: PASSWORD },
  });
  expect(await told(person)).toEqual(['Your password was changed']);
  expect(await actionsOf(person)).toContainEqual(
    expect.objectContaining({ action: 'user.password-changed', ipAddress: '127.0.0.1' }),
  );

  const RESET =
    'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }';
  const { email } = person;
  const { token } = await mailAfter(outbox.path, email, () => t.gql(RESET, { email }));
  const SET =
    'mutation ($token: String!) { resetPassword(input: { token: $token, password: "the third password" }) { userErrors { code message path details } } }';
  await t.gql(SET, { token });
  expect((await told(person)).filter((one) => one === 'Your password was changed')).toHaveLength(2);
  const again = await signInFrom(email, '127.0.0.1', 'node', 'the third password');
  const after = personOf(t.url, email, again.body.data.signIn.token as string);
  expect(await actionsOf(after)).toContainEqual(
    expect.objectContaining({ action: 'user.password-reset', ipAddress: '127.0.0.1' }),
  );
});

test('a new key, to those who look after the account', async () => {
  const [owner, admin, developer] = [await newPerson(), await newPerson(), await newPerson()];
  const { body } = await owner.gql(
    'mutation { createOrganization(input: { name: "Acme" }) { account { id } userErrors { code message path details } } }',
  );
  const account = body.data.createOrganization.account.id as string;
  for (const [person, role] of [
    [admin, 'ADMIN'],
    [developer, 'DEVELOPER'],
  ] as const) {
    await t.database.query(
      `INSERT INTO membership (account_id, user_id, role) SELECT $1, id, '${role}' FROM app_user WHERE email = $2`,
      [account, person.email],
    );
  }
  const acting = personOn(t.url, owner, account);
  const made = await acting.gql(
    'mutation { createApiKey(input: { name: "ci", scopes: [READ] }) { apiKey { id } userErrors { code message path details } } }',
  );
  const { id } = made.body.data.createApiKey.apiKey;
  await acting.gql(
    'mutation ($id: ID!) { rotateApiKey(input: { id: $id }) { apiKey { id } userErrors { code message path details } } }',
    { id },
  );
  const both = ['A new API key was created', 'An API key was rotated'];
  expect(await told(owner)).toEqual(both);
  expect(await told(admin)).toEqual(both);
  expect(await told(developer)).toEqual([]);
  const [first] = mailsTo(outbox.path, admin.email).slice(-2);
  expect(first?.text).toContain('Key: ci');
  expect(first?.text).toContain('Account: Acme');
});

test('a key that was given more scopes, to those who look after the account; not one that lost some', async () => {
  const person = await newPerson();
  const made = await person.gql(
    'mutation { createApiKey(input: { name: "ci", scopes: [READ] }) { apiKey { id } userErrors { code message path details } } }',
  );
  const { id } = made.body.data.createApiKey.apiKey;
  const created = 'A new API key was created';
  const change = (input: object) =>
    person.gql(
      'mutation ($input: UpdateApiKeyInput!) { updateApiKey(input: $input) { apiKey { scopes } userErrors { code } } }',
      { input: { id, ...input } },
    );
  await change({ name: 'other' });
  expect(await told(person)).toEqual([created]);
  await change({ scopes: ['READ', 'INFERENCE', 'BILLING'] });
  const grown = 'An API key was given more permissions';
  expect(await told(person)).toEqual([created, grown]);
  const mail = mailsTo(outbox.path, person.email).find(({ subject }) => subject === grown);
  const text = mail?.text;
  expect(text).toContain('Added permissions: INFERENCE, BILLING');
  expect(text).toContain('Key: other');
  await change({ scopes: ['READ'] });
  expect(await told(person)).toEqual([created, grown]);
});

test('each once, however many servers look', async () => {
  const person = await newPerson();
  await signInFrom(person.email, '203.0.113.8');
  await Promise.all(Array.from({ length: 8 }, () => t.app.services.securityNotices.runOnce()));
  expect(await told(person)).toEqual([NEW_PLACE]);
});

test('nobody who has switched them off, except that they were', async () => {
  const person = await newPerson();
  const SET =
    'mutation ($enabled: Boolean!) { updateSecurityMails(input: { isEnabled: $enabled }) { userErrors { code message path details } } }';
  const isOn = async () =>
    (await person.gql('{ viewer { isSecurityMailEnabled } }')).body.data.viewer
      .isSecurityMailEnabled as boolean;
  expect(await isOn()).toBe(true);
  await person.gql(SET, { enabled: false });
  await person.gql(SET, { enabled: false });
  expect(await isOn()).toBe(false);
  await signInFrom(person.email, '203.0.113.9');
  const last = ['Security mails were turned off'];
  expect(await told(person)).toEqual(last);
  await person.gql(SET, { enabled: true });
  await signInFrom(person.email, '203.0.113.10');
  expect((await told(person)).at(-1)).toBe(NEW_PLACE);
});

test('failed sign-ins are audit events, at both doors, with where they came from', async () => {
  const person = await newPerson();
  await signInFrom(person.email, '203.0.113.11', 'node', 'not the password');
  await signInBrowser(t.url, person.email, { password: 'not the password' });
  const failed = (await actionsOf(person)).filter(({ action }) => action === 'user.sign-in-failed');
  // By somebody who is not known to be the person.
  expect(failed.map(({ ipAddress, userId }) => [ipAddress, userId])).toEqual([
    ['127.0.0.1', null],
    ['203.0.113.11', null],
  ]);

  await signInFrom('nobody@example.org', '203.0.113.12');
  const rows = await t.database.query(
    `SELECT * FROM audit_event WHERE ip_address = '203.0.113.12'`,
  );
  expect(rows).toMatchObject([{ action: 'user.sign-in-failed', account_id: null, target: null }]);
  expect(JSON.stringify(rows)).not.toContain('nobody@example.org');
});

test('the log says where each request came from', async () => {
  await signInFrom('nobody@example.org', '203.0.113.13');
  await until('the line', () =>
    t.log.find((line) => {
      const { ipAddress, operation } = JSON.parse(line) as Record<string, unknown>;
      return ipAddress === '203.0.113.13' && operation === 'signIn';
    }),
  );
});
