import { newId } from '../../src/platform/ids.js';
import { codeOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailAfter, mailsTo, type Person, personOf, personOn, signUp } from '../support/people.js';

const outbox = temporaryFolder();
let t: TestApp;
let ada: Person;
let bob: Person;
beforeAll(async () => {
  t = await startTestApp({
    config: {
      organizationsPerPerson: 100,
      mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
    },
  });
  const server = { url: t.url, outboxDir: outbox.path };
  ada = await signUp(server, 'ada@example.org');
  bob = await signUp(server, 'bob@example.org');
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const INVITE = `mutation ($email: String!, $role: Role!) { inviteMember(input: { email: $email, role: $role }) { invitation { id email role } userErrors { code message path details } } }`;
const ACCEPT =
  'mutation ($token: String!) { acceptInvitation(input: { token: $token }) { account { id kind name viewerRole } userErrors { code message path details } } }';
const CHANGE =
  'mutation ($userId: ID!, $role: Role!) { updateMemberRole(input: { userId: $userId, role: $role }) { membership { id role user { id } } userErrors { code message path details } } }';
const REMOVE =
  'mutation ($userId: ID!) { removeMember(input: { userId: $userId }) { deletedMembershipId userErrors { code message path details } } }';
const MEMBERS = '{ account { members { nodes { id role joinedAt user { id email } } } } }';

const on = (person: Person, account: string) => personOn(t.url, person, account);
const idOf = async (person: Person) =>
  (await person.gql('{ viewer { user { id } } }')).body.data.viewer.user.id as string;

/** A new organization of Ada's. */
async function organization(): Promise<string> {
  const { body } = await ada.gql(
    'mutation { createOrganization(input: { name: "Engines" }) { account { id viewerRole } userErrors { code message path details } } }',
  );
  expect(body.data.createOrganization.account.viewerRole).toBe('OWNER');
  return body.data.createOrganization.account.id as string;
}

/** @returns the token of its mail */
async function invite(by: Pick<Person, 'gql'>, email: string, role = 'VIEWER'): Promise<string> {
  const mail = await mailAfter(outbox.path, email, async () => {
    const invited = await by.gql(INVITE, { email, role });
    expect(invited.body.data.inviteMember.invitation).toMatchObject({
      email: email.toLowerCase(),
      role,
    });
  });
  return mail.token;
}

async function join(account: string, role: string): Promise<void> {
  const token = await invite(on(ada, account), bob.email, role);
  expect((await bob.gql(ACCEPT, { token })).body.data.acceptInvitation.account).toEqual({
    id: account,
    kind: 'ORGANIZATION',
    name: 'Engines',
    viewerRole: role,
  });
}

test('an invitation makes its addressee a member, once', async () => {
  const account = await organization();
  await join(account, 'DEVELOPER');
  const token = mailsTo(outbox.path, bob.email).at(-1)?.token;
  expect(codeOf(await bob.gql(ACCEPT, { token }))).toBe('NOT_FOUND');
  const { body } = await on(bob, account).gql(MEMBERS);
  expect(body.data.account.members.nodes).toMatchObject([
    { user: { email: ada.email }, role: 'OWNER' },
    { user: { email: bob.email }, role: 'DEVELOPER' },
  ]);
  // A developer runs models and manages nobody.
  expect(codeOf(await on(bob, account).gql('{ account { invitations { nodes { id } } } }'))).toBe(
    'FORBIDDEN',
  );
  const actions = await on(ada, account).gql('{ account { auditEvents { nodes { action } } } }');
  expect(
    actions.body.data.account.auditEvents.nodes.map(({ action }: { action: string }) => action),
  ).toEqual(['member.joined', 'member.invited', 'account.created']);
});

test('an invitation is for its addressee only, and the latest one counts', async () => {
  const account = await organization();
  const first = await invite(on(ada, account), 'carl@example.org');
  expect(codeOf(await bob.gql(ACCEPT, { token: first }))).toBe('NOT_FOUND');
  await invite(on(ada, account), 'Carl@Example.org');
  const carl = await signUp({ url: t.url, outboxDir: outbox.path }, 'carl@example.org');
  expect(codeOf(await carl.gql(ACCEPT, { token: first }))).toBe('NOT_FOUND');
  const { body } = await on(ada, account).gql('{ account { invitations { nodes { id } } } }');
  expect(body.data.account.invitations.nodes).toHaveLength(1);
  const [{ id }] = body.data.account.invitations.nodes;
  await on(ada, account).gql(
    'mutation ($id: ID!) { revokeInvitation(input: { id: $id }) { deletedInvitationId userErrors { code message path details } } }',
    { id },
  );
  expect(
    (await on(ada, account).gql('{ account { invitations { nodes { id } } } }')).body.data.account
      .invitations.nodes,
  ).toEqual([]);
});

test('who does not belong to an account cannot act on it', async () => {
  const account = await organization();
  for (const query of [
    MEMBERS,
    '{ account { balance { postedNanos } } }',
    '{ account { apiKeys { nodes { id } } } }',
  ]) {
    expect((await on(bob, account).gql(query)).body).toMatchObject({ data: { account: null } });
  }
});

test('owners are made, changed and removed by owners', async () => {
  const account = await organization();
  await join(account, 'ADMIN');
  const [adaId, bobId] = await Promise.all([idOf(ada), idOf(bob)]);
  const asBob = on(bob, account);
  expect(codeOf(await asBob.gql(CHANGE, { userId: bobId, role: 'OWNER' }))).toBe('FORBIDDEN');
  expect(codeOf(await asBob.gql(CHANGE, { userId: adaId, role: 'VIEWER' }))).toBe('FORBIDDEN');
  expect(codeOf(await asBob.gql(REMOVE, { userId: adaId }))).toBe('FORBIDDEN');
  expect(codeOf(await asBob.gql(INVITE, { email: 'x@example.org', role: 'OWNER' }))).toBe(
    'FORBIDDEN',
  );
  const made = await on(ada, account).gql(CHANGE, { userId: bobId, role: 'OWNER' });
  expect(made.body.data.updateMemberRole.membership).toMatchObject({ role: 'OWNER' });
});

test('two owners who leave at the same time leave one behind', async () => {
  const account = await organization();
  await join(account, 'OWNER');
  const LEAVE =
    'mutation ($id: ID!) { leaveAccount(input: { accountId: $id }) { leftAccountId userErrors { code message path details } } }';
  const codes = await Promise.all(
    [ada, bob].map(async (one) => codeOf(await on(one, account).gql(LEAVE, { id: account }))),
  );
  expect(codes.sort()).toEqual(['CONFLICT', undefined]);
});

test('a personal account has one member', async () => {
  expect(codeOf(await ada.gql(INVITE, { email: bob.email, role: 'VIEWER' }))).toBe('CONFLICT');
});

describe('rights are never more than those of who gives them', () => {
  const KEY = `mutation ($scopes: [KeyScope!]!) { createApiKey(input: { name: "k", scopes: $scopes }) { secret userErrors { code message path details } } }`;

  async function keyOf(account: string, scopes: string[]): Promise<Person> {
    const { body } = await on(ada, account).gql(KEY, { scopes });
    return personOf(t.url, '', body.data.createApiKey.secret as string);
  }

  test.each([
    [['ADMIN'], ['ADMIN', 'DEVELOPER', 'BILLING', 'VIEWER', 'OWNER'], []],
    [['ADMIN', 'READ'], ['ADMIN', 'DEVELOPER', 'BILLING', 'OWNER'], ['VIEWER']],
    [
      ['ADMIN', 'READ', 'INFERENCE'],
      ['ADMIN', 'BILLING', 'OWNER'],
      ['VIEWER', 'DEVELOPER'],
    ],
    [['ADMIN', 'READ', 'INFERENCE', 'BILLING'], ['OWNER'], ['VIEWER', 'ADMIN']],
  ])('a key with %j', async (scopes, refused, allowed) => {
    const account = await organization();
    await join(account, 'VIEWER');
    const key = await keyOf(account, scopes);
    const userId = await idOf(bob);
    const giveBoth = async (role: string) => [
      codeOf(await key.gql(INVITE, { email: 'x@example.org', role })),
      codeOf(await key.gql(CHANGE, { userId, role })),
    ];
    for (const role of refused) {
      // Bob is a viewer already: that gives nothing.
      const unchanged = role === 'VIEWER' ? undefined : 'FORBIDDEN';
      expect(await giveBoth(role)).toEqual(['FORBIDDEN', unchanged]);
    }
    for (const role of allowed) expect(await giveBoth(role)).toEqual([undefined, undefined]);
  });

  test('an invitation ends with the rights of who sent it', async () => {
    const account = await organization();
    await join(account, 'ADMIN');
    const INVITATIONS = '{ account { invitations { nodes { email } } } }';
    const invitations = async () =>
      (await on(ada, account).gql(INVITATIONS)).body.data.account.invitations.nodes as {
        email: string;
      }[];
    for (const role of ['ADMIN', 'VIEWER']) {
      await on(bob, account).gql(INVITE, { email: `${role.toLowerCase()}@example.org`, role });
    }
    const userId = await idOf(bob);
    await on(ada, account).gql(CHANGE, { userId, role: 'DEVELOPER' });
    expect(await invitations()).toEqual([{ email: 'viewer@example.org' }]);
    await on(ada, account).gql(REMOVE, { userId });
    expect(await invitations()).toEqual([]);
  });

  test('an invitation ends with a membership that ends some other way, as by erasure', async () => {
    const account = await organization();
    await join(account, 'ADMIN');
    const token = await invite(on(bob, account), 'again@example.org');
    await t.database.query('DELETE FROM membership WHERE account_id = $1 AND user_id = $2', [
      account,
      await idOf(bob),
    ]);
    const again = await signUp({ url: t.url, outboxDir: outbox.path }, 'again@example.org');
    expect(codeOf(await again.gql(ACCEPT, { token }))).toBe('NOT_FOUND');
  });

  describe('an invitation that a key sent', () => {
    const MAKE = `mutation { createApiKey(input: { name: "k", scopes: [ADMIN, READ] }) { secret apiKey { id } userErrors { code message path details } } }`;
    const ROTATE = `mutation ($id: ID!) { rotateApiKey(input: { id: $id, graceHours: 0 }) { apiKey { id } userErrors { code message path details } } }`;
    const REVOKE_KEY = `mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { id } userErrors { code message path details } } }`;

    async function sentByKeyOf(maker: Person, account: string) {
      const made = (await on(maker, account).gql(MAKE)).body.data.createApiKey;
      const key = personOf(t.url, '', made.secret as string);
      const email = `${newId('inv')}@example.org`;
      const guest = await signUp({ url: t.url, outboxDir: outbox.path }, email);
      const token = await invite(key, email);
      const accept = async () => codeOf(await guest.gql(ACCEPT, { token }));
      return { keyId: made.apiKey.id as string, accept };
    }
    const open = async (account: string) =>
      (await on(ada, account).gql('{ account { invitations { nodes { email } } } }')).body.data
        .account.invitations.nodes.length as number;

    test('ends with the key', async () => {
      const account = await organization();
      const { keyId, accept } = await sentByKeyOf(ada, account);
      await on(ada, account).gql(REVOKE_KEY, { id: keyId });
      expect(await open(account)).toBe(0);
      expect(await accept()).toBe('NOT_FOUND');
    });

    test('ends with the membership of who made the key', async () => {
      const account = await organization();
      const carol = await signUp({ url: t.url, outboxDir: outbox.path }, 'carol@example.org');
      const carolId = await idOf(carol);
      await t.database.query(
        `INSERT INTO membership (account_id, user_id, role) VALUES ($1, $2, 'ADMIN')`,
        [account, carolId],
      );
      const { accept } = await sentByKeyOf(carol, account);
      expect(await open(account)).toBe(1);
      await on(ada, account).gql(REMOVE, { userId: carolId });
      expect(await open(account)).toBe(0);
      expect(await accept()).toBe('NOT_FOUND');
    });

    test('outlives the rotation of the key', async () => {
      const account = await organization();
      const { keyId, accept } = await sentByKeyOf(ada, account);
      await on(ada, account).gql(ROTATE, { id: keyId });
      expect(await accept()).toBeUndefined();
    });
  });
});

test('a key that names another account is answered with null, not with its own account', async () => {
  const [own, other] = [await organization(), await organization()];
  const { body } = await on(ada, own).gql(
    'mutation { createApiKey(input: { name: "k", scopes: [READ] }) { secret userErrors { code message path details } } }',
  );
  const secret = body.data.createApiKey.secret as string;
  const ask = (account: string) =>
    personOn(t.url, { email: '', token: secret }, account).gql(
      '{ account { balance { postedNanos } } }',
    );
  expect((await ask(own)).body.data.account.balance).toEqual({ postedNanos: '0' });
  for (const account of [other, 'acct_none', 'x'])
    expect((await ask(account)).body.data).toEqual({ account: null });
});
