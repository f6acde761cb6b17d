import { codeOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { PASSWORD, SIGN_IN, signIn, signUp } from '../support/people.js';

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ background: false, config: mailTo(outbox.path) });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});
const person = (email: string) => signUp({ url: t.url, outboxDir: outbox.path }, email);

test('an organization and a person are renamed, and it is written down', async () => {
  const ada = await person('ada@example.org');
  const made = await ada.gql(
    'mutation { createOrganization(input: { name: "Acme" }) { account { id } } }',
  );
  const accountId = made.body.data.createOrganization.account.id as string;
  const RENAME = `mutation ($input: UpdateAccountInput!) {
    updateAccount(input: $input) { account { id name } userErrors { code path } } }`;
  const renamed = await ada.gql(RENAME, { input: { accountId, name: ' Acme Labs ' } });
  expect(renamed.body.data.updateAccount).toEqual({
    account: { id: accountId, name: 'Acme Labs' },
    userErrors: [],
  });
  const bad = await ada.gql(RENAME, { input: { accountId, name: '' } });
  expect(bad.body.data.updateAccount.userErrors).toEqual([
    { code: 'BAD_USER_INPUT', path: ['input', 'name'] },
  ]);
  const events = await ada.gql(
    'query ($id: ID) { account(id: $id) { auditEvents(filter: { actions: ["account.renamed"] }) { nodes { details } } } }',
    { id: accountId },
  );
  expect(events.body.data.account.auditEvents.nodes).toEqual([
    { details: { from: 'Acme', name: 'Acme Labs' } },
  ]);

  const bob = await person('bob@example.org');
  expect(codeOf(await bob.gql(RENAME, { input: { accountId, name: 'Mine' } }))).toBe('NOT_FOUND');

  const NAME = `mutation ($name: String!) {
    updateUser(input: { name: $name }) { user { id name } userErrors { code path } } }`;
  expect((await ada.gql(NAME, { name: 'Ada L.' })).body.data.updateUser.user.name).toBe('Ada L.');
  expect((await ada.gql('{ viewer { user { name } } }')).body.data.viewer.user.name).toBe('Ada L.');
  expect((await ada.gql(NAME, { name: ' ' })).body.data.updateUser.userErrors).toEqual([
    { code: 'BAD_USER_INPUT', path: ['input', 'name'] },
  ]);
});

test('a password is changed by whoever knows it; other sessions end, and it is written down', async () => {
  const eve = await person('eve@example.org');
  const elsewhere = await signIn(t.url, eve.email);
  const CHANGE = `mutation ($input: ChangePasswordInput!) {
    changePassword(input: $input) { userErrors { code message } } }`;
  const change = (currentPassword: string, newPassword: string) =>
    eve.gql(CHANGE, { input: { currentPassword, newPassword } });
  expect(codeOf(await change('not the password', 'the second password'))).toBe('BAD_USER_INPUT');
  expect(codeOf(await change(PASSWORD, 'short'))).toBe('BAD_USER_INPUT');
  const both = async () => [
    codeOf(await eve.gql('{ viewer { user { id } } }')),
    codeOf(await elsewhere.gql('{ viewer { user { id } } }')),
  ];
  expect(await both()).toEqual([undefined, undefined]);

  expect(codeOf(await change(PASSWORD, 'the second password'))).toBeUndefined();
  expect(await both()).toEqual([undefined, 'UNAUTHENTICATED']);
  const as = async (password: string) =>
    codeOf(await t.gql(SIGN_IN, { email: eve.email, password }));
  expect(await as(PASSWORD)).toBe('UNAUTHENTICATED');
  expect(await as('the second password')).toBeUndefined();
  const events = await eve.gql(
    '{ account { auditEvents(filter: { actions: ["user.password-changed"] }) { nodes { ipAddress } } } }',
  );
  expect(events.body.data.account.auditEvents.nodes).toEqual([{ ipAddress: '127.0.0.1' }]);
});
