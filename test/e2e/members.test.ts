import { newId } from '../../src/platform/ids.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailsTo, type Person, personOf, signUp } from '../support/people.js';

const outbox = temporaryFolder();
let t: TestApp;
let ada: Person;
let bob: Person;
beforeAll(async () => {
  t = await startTestApp({
    config: {
      organisationsPerPerson: 100,
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

const codeOf = ({ body }: { body: { errors?: { extensions: { code: string } }[] } }) =>
  body.errors?.[0]?.extensions.code;
const INVITE = `mutation ($email: String!, $role: Role!) { inviteMember(email: $email, role: $role) { id email role } }`;
const ACCEPT =
  'mutation ($token: String!) { acceptInvitation(token: $token) { id kind name role } }';
const CHANGE =
  'mutation ($userId: ID!, $role: Role!) { changeMemberRole(userId: $userId, role: $role) { role } }';
const REMOVE = 'mutation ($userId: ID!) { removeMember(userId: $userId) { done } }';
const MEMBERS = '{ members { userId email role } }';

const on = (person: Person, account: string) =>
  personOf(t.url, person.email, person.token, { 'x-gigarouter-account': account });
const idOf = async (person: Person) =>
  (await person.gql('{ viewer { id } }')).body.data.viewer.id as string;

/** A new organisation of Ada's. */
async function organisation(): Promise<string> {
  const { body } = await ada.gql('mutation { createOrganisation(name: "Engines") { id role } }');
  expect(body.data.createOrganisation.role).toBe('OWNER');
  return body.data.createOrganisation.id as string;
}

async function join(account: string, role: string): Promise<void> {
  const invited = await on(ada, account).gql(INVITE, { email: bob.email, role });
  expect(invited.body.data.inviteMember).toMatchObject({ email: bob.email, role });
  const token = mailsTo(outbox.path, bob.email).at(-1)?.token;
  expect((await bob.gql(ACCEPT, { token })).body.data.acceptInvitation).toEqual({
    id: account,
    kind: 'ORGANISATION',
    name: 'Engines',
    role,
  });
}

test('an invitation makes its addressee a member, once', async () => {
  const account = await organisation();
  await join(account, 'DEVELOPER');
  const token = mailsTo(outbox.path, bob.email).at(-1)?.token;
  expect(codeOf(await bob.gql(ACCEPT, { token }))).toBe('NOT_FOUND');
  const { body } = await on(bob, account).gql(MEMBERS);
  expect(body.data.members).toMatchObject([
    { email: ada.email, role: 'OWNER' },
    { email: bob.email, role: 'DEVELOPER' },
  ]);
  // A developer runs models and manages nobody.
  expect(codeOf(await on(bob, account).gql('{ invitations { id } }'))).toBe('FORBIDDEN');
  const actions = await on(ada, account).gql('{ auditEvents { action } }');
  expect(actions.body.data.auditEvents.map(({ action }: { action: string }) => action)).toEqual([
    'member.joined',
    'member.invited',
    'account.created',
  ]);
});

test('an invitation is for its addressee only, and the latest one counts', async () => {
  const account = await organisation();
  await on(ada, account).gql(INVITE, { email: 'carl@example.org', role: 'VIEWER' });
  const first = mailsTo(outbox.path, 'carl@example.org').at(-1)?.token;
  expect(codeOf(await bob.gql(ACCEPT, { token: first }))).toBe('NOT_FOUND');
  await on(ada, account).gql(INVITE, { email: 'Carl@Example.org', role: 'VIEWER' });
  const carl = await signUp({ url: t.url, outboxDir: outbox.path }, 'carl@example.org');
  expect(codeOf(await carl.gql(ACCEPT, { token: first }))).toBe('NOT_FOUND');
  const { body } = await on(ada, account).gql('{ invitations { id } }');
  expect(body.data.invitations).toHaveLength(1);
  const [{ id }] = body.data.invitations;
  await on(ada, account).gql('mutation ($id: ID!) { revokeInvitation(id: $id) { done } }', { id });
  expect((await on(ada, account).gql('{ invitations { id } }')).body.data.invitations).toEqual([]);
});

test('who does not belong to an account cannot act on it', async () => {
  const account = await organisation();
  for (const query of [MEMBERS, '{ balance { postedNanos } }', '{ apiKeys { id } }']) {
    expect(codeOf(await on(bob, account).gql(query))).toBe('FORBIDDEN');
  }
});

test('owners are made, changed and removed by owners', async () => {
  const account = await organisation();
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
  expect(made.body.data.changeMemberRole).toEqual({ role: 'OWNER' });
});

test('two owners who leave at the same time leave one behind', async () => {
  const account = await organisation();
  await join(account, 'OWNER');
  const LEAVE = 'mutation { leaveAccount { done } }';
  const codes = await Promise.all(
    [ada, bob].map(async (one) => codeOf(await on(one, account).gql(LEAVE))),
  );
  expect(codes.sort()).toEqual(['CONFLICT', undefined]);
});

test('a personal account has one member', async () => {
  expect(codeOf(await ada.gql(INVITE, { email: bob.email, role: 'VIEWER' }))).toBe('CONFLICT');
});

describe('rights are never more than those of who gives them', () => {
  const KEY = `mutation ($scopes: [KeyScope!]!) { createApiKey(input: { name: "k", scopes: $scopes }) { secret } }`;

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
    const account = await organisation();
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
    const account = await organisation();
    await join(account, 'ADMIN');
    const INVITATIONS = '{ invitations { email } }';
    const invitations = async () =>
      (await on(ada, account).gql(INVITATIONS)).body.data.invitations as { email: string }[];
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
    const account = await organisation();
    await join(account, 'ADMIN');
    await on(bob, account).gql(INVITE, { email: 'again@example.org', role: 'VIEWER' });
    const { token } = mailsTo(outbox.path, 'again@example.org').at(-1) ?? {};
    await t.database.query('DELETE FROM membership WHERE account_id = $1 AND user_id = $2', [
      account,
      await idOf(bob),
    ]);
    const again = await signUp({ url: t.url, outboxDir: outbox.path }, 'again@example.org');
    expect(codeOf(await again.gql(ACCEPT, { token }))).toBe('NOT_FOUND');
  });

  describe('an invitation that a key sent', () => {
    const MAKE = `mutation { createApiKey(input: { name: "k", scopes: [ADMIN, READ] }) { secret key { id } } }`;
    const ROTATE = `mutation ($id: ID!) { rotateApiKey(id: $id, graceHours: 0) { key { id } } }`;
    const REVOKE_KEY = `mutation ($id: ID!) { revokeApiKey(id: $id) { id } }`;

    async function sentByKeyOf(maker: Person, account: string) {
      const made = (await on(maker, account).gql(MAKE)).body.data.createApiKey;
      const key = personOf(t.url, '', made.secret as string);
      const email = `${newId('inv')}@example.org`;
      const guest = await signUp({ url: t.url, outboxDir: outbox.path }, email);
      const invited = await key.gql(INVITE, { email, role: 'VIEWER' });
      expect(invited.body.errors).toBeUndefined();
      const { token } = mailsTo(outbox.path, email).at(-1) ?? {};
      const accept = async () => codeOf(await guest.gql(ACCEPT, { token }));
      return { keyId: made.key.id as string, accept };
    }
    const open = async (account: string) =>
      (await on(ada, account).gql('{ invitations { email } }')).body.data.invitations
        .length as number;

    test('ends with the key', async () => {
      const account = await organisation();
      const { keyId, accept } = await sentByKeyOf(ada, account);
      await on(ada, account).gql(REVOKE_KEY, { id: keyId });
      expect(await open(account)).toBe(0);
      expect(await accept()).toBe('NOT_FOUND');
    });

    test('ends with the membership of who made the key', async () => {
      const account = await organisation();
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
      const account = await organisation();
      const { keyId, accept } = await sentByKeyOf(ada, account);
      await on(ada, account).gql(ROTATE, { id: keyId });
      expect(await accept()).toBeUndefined();
    });
  });
});

test('a key and another account in the header are an error, not a call on the key’s account', async () => {
  const [own, other] = [await organisation(), await organisation()];
  const { body } = await on(ada, own).gql(
    'mutation { createApiKey(input: { name: "k", scopes: [READ] }) { secret } }',
  );
  const secret = body.data.createApiKey.secret as string;
  const ask = (account: string) =>
    personOf(t.url, '', secret, { 'x-gigarouter-account': account }).gql(
      '{ balance { postedNanos } }',
    );
  expect((await ask(own)).body.data.balance).toEqual({ postedNanos: '0' });
  for (const account of [other, 'acct_none', 'x'])
    expect(codeOf(await ask(account))).toBe('FORBIDDEN');
});
