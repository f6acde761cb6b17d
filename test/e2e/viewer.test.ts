import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { mailAfter, ownAccountOf, type Person, signUp } from '../support/people.js';
import { newCaller } from '../support/platform.js';

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({ config: mailTo(outbox.path) });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const person = (email: string) => signUp({ url: t.url, outboxDir: outbox.path }, email);

test('a key sees itself, its account, and no person', async () => {
  const caller = await newCaller(t, 3n, { name: 'ci', scopes: ['INFERENCE'] });
  const VIEWER = `{ viewer {
    user { id } isOperator hasSecondFactor
    apiKey { name scopes }
    accounts { id name viewerRole balance { postedNanos } } } }`;
  const { body } = await caller.gql(VIEWER);
  expect(body.data.viewer).toEqual({
    user: null,
    isOperator: false,
    hasSecondFactor: null,
    apiKey: { name: 'ci', scopes: ['INFERENCE'] },
    accounts: [{ id: caller.accountId, name: 'Test', viewerRole: null, balance: null }],
  });
  // Its name is no secret, its credit is for keys that may read.
  expect(errorOf({ body })).toMatchObject({ code: 'FORBIDDEN', scope: 'read' });
  expect(codeOf(await t.gql('{ viewer { isOperator } }'))).toBe('UNAUTHENTICATED');
});

describe('an organization that requires a second factor', () => {
  const OPEN = `mutation { createOrganization(input: { name: "Acme" }) { account { id } } }`;
  const INVITE = `mutation ($input: InviteMemberInput!) {
    inviteMember(input: $input) { invitation { id } userErrors { code } } }`;
  const ACCEPT = `mutation ($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) { account { id name viewerRole balance { postedNanos } } userErrors { code } } }`;
  let owner: Person;
  let accountId: string;
  beforeAll(async () => {
    owner = await person('owner@example.org');
    accountId = (await owner.gql(OPEN)).body.data.createOrganization.account.id as string;
  });

  test('shows its name to a member without one, and nothing else, also as they join', async () => {
    const member = await person('member@example.org');
    const input = { accountId, email: member.email, role: 'ADMIN' };
    const { token } = await mailAfter(outbox.path, member.email, () =>
      owner.gql(INVITE, { input }),
    );
    await t.app.services.accountAdmin.requireSecondFactor({}, accountId, true);

    const joined = await member.gql(ACCEPT, { input: { token } });
    const shown = { id: accountId, name: 'Acme', viewerRole: 'ADMIN', balance: null };
    expect(joined.body.data.acceptInvitation.account).toEqual(shown);
    expect(codeOf(joined)).toBe('FORBIDDEN');

    const { body } = await member.gql(
      '{ viewer { accounts { id name viewerRole balance { postedNanos } } } }',
    );
    expect(body.data.viewer.accounts).toEqual([
      expect.objectContaining({ id: await ownAccountOf(member), viewerRole: 'OWNER' }),
      shown,
    ]);
    expect(errorOf({ body })).toMatchObject({ code: 'FORBIDDEN', secondFactorRequired: true });

    const direct = await member.gql('query ($id: ID!) { account(id: $id) { name } }', {
      id: accountId,
    });
    expect(errorOf(direct)).toMatchObject({ code: 'FORBIDDEN', secondFactorRequired: true });
  });
});
