import { SCOPES_OF_ROLE } from '../../src/accounts/account.js';
import { ACCOUNT_CHECKS, type KeyScope } from '../../src/accounts/index.js';
import { type Actor, anonymous } from '../../src/platform/actor.js';
import { runChecks } from '../../src/platform/checks.js';
import { type AccountId, type KeyId, newId, type UserId } from '../../src/platform/ids.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { bearer } from '../support/platform.js';

type Role = keyof typeof SCOPES_OF_ROLE;

let t: TestApp;
let accountId: AccountId;
let owner: Actor;
beforeAll(async () => {
  t = await startTestApp({ seeded: false, background: false });
});
beforeEach(async () => {
  const ownerId = await newPerson();
  const founder = { ...anonymous('127.0.0.1'), userId: ownerId };
  accountId = (await t.app.services.organizations.create(founder, ownerId, 'O')).id;
  owner = actorOf(ownerId, 'OWNER');
});
afterEach(async () => {
  const broken = (await runChecks(t.app.database, ACCOUNT_CHECKS)).map((one) => one.broken);
  expect(broken).toEqual(broken.map(() => 0n));
});
afterAll(() => t.stop());

async function newPerson(): Promise<UserId> {
  const id = newId('usr');
  await t.database.query(
    `INSERT INTO app_user (id, name, email, email_verified) VALUES ($1, 'Test', $1 || '@example.org', true)`,
    [id],
  );
  return id;
}

const actorOf = (userId: UserId, role: Role): Actor => ({
  ...anonymous('127.0.0.1'),
  accountId,
  userId,
  scopes: new Set(['public', 'session', ...SCOPES_OF_ROLE[role]]),
});

async function newMember(role: Role): Promise<Actor & { readonly userId: UserId }> {
  const userId = await newPerson();
  await t.database.query(
    `INSERT INTO membership (account_id, user_id, role) VALUES ($1, $2, $3::"Role")`,
    [accountId, userId, role],
  );
  return { ...actorOf(userId, role), userId };
}

interface Made {
  readonly id: KeyId;
  readonly secret: string;
}

async function make(actor: Actor, scopes: readonly KeyScope[]): Promise<Made> {
  const { key, secret } = await t.app.services.keys.create(actor, accountId, { name: 'k', scopes });
  return { id: key.id, secret };
}

/** As the key's holder. */
const holderOf = ({ secret }: Made) =>
  t.app.services.keyAuthenticator.authenticate(secret, '127.0.0.1');

async function works({ secret }: Made): Promise<boolean> {
  const again = { again: true };
  return t.app.services.keyAuthenticator.authenticate(secret, '127.0.0.1', again).then(
    () => true,
    () => false,
  );
}

const remove = ({ userId }: { readonly userId: UserId }) =>
  t.app.services.members.remove(owner, accountId, userId);

test('keys that a member made, and keys that were made with them, end with the membership', async () => {
  const member = await newMember('ADMIN');
  const first = await make(member, ['ADMIN', 'READ']);
  const second = await make(await holderOf(first), ['ADMIN']);
  const third = await make(await holderOf(second), ['ADMIN']);
  const others = [await make(owner, ['READ']), await make(await newMember('ADMIN'), ['READ'])];
  await remove(member);
  for (const key of [first, second, third]) expect(await works(key)).toBe(false);
  for (const key of others) expect(await works(key)).toBe(true);
  const events = await t.database.query<{ target: string; details: object }>(
    `SELECT target, details FROM audit_event WHERE account_id = $1 AND action = 'key.revoked' ORDER BY target`,
    [accountId],
  );
  expect(events).toEqual(
    [first, second, third]
      .map(({ id }) => ({ target: id, details: { madeBy: member.userId } }))
      .sort((a, b) => (a.target < b.target ? -1 : 1)),
  );
});

test('a key that an owner has rotated is the owner’s; the one before it ends without its grace', async () => {
  const member = await newMember('ADMIN');
  const old = await make(member, ['READ']);
  const { key, secret } = await t.app.services.keys.rotate(owner, accountId, old.id, 24);
  await remove(member);
  expect([await works(old), await works({ id: key.id, secret })]).toEqual([false, true]);
});

test('a key that a member has rotated is the member’s, whoever made it', async () => {
  const member = await newMember('ADMIN');
  const old = await make(owner, ['READ']);
  const { key, secret } = await t.app.services.keys.rotate(member, accountId, old.id, 24);
  const viaKey = await make(member, ['ADMIN', 'READ']);
  const again = await t.app.services.keys.rotate(await holderOf(viaKey), accountId, key.id, 24);
  await remove(member);
  expect(await works({ id: key.id, secret })).toBe(false);
  expect(await works({ id: again.key.id, secret: again.secret })).toBe(false);
});

test('with another role, keys that may do more than it end', async () => {
  const member = await newMember('ADMIN');
  const [reads, buys, manages] = [
    await make(member, ['READ', 'INFERENCE']),
    await make(member, ['READ', 'BILLING']),
    await make(member, ['ADMIN', 'READ']),
  ];
  const { members } = t.app.services;
  await members.changeRole(owner, accountId, member.userId, 'DEVELOPER');
  expect([await works(reads), await works(buys), await works(manages)]).toEqual([
    true,
    false,
    false,
  ]);
  await members.changeRole(owner, accountId, member.userId, 'OWNER');
  expect(await works(buys)).toBe(false);
});

test.each([
  [
    'leaves',
    (member: Actor & { userId: UserId }) =>
      t.app.services.members.remove(member, accountId, member.userId),
  ],
  [
    'is deleted',
    ({ userId }: { userId: UserId }) =>
      t.database.query('DELETE FROM app_user WHERE id = $1', [userId]),
  ],
])('the keys of who %s end', async (_how, end) => {
  const member = await newMember('ADMIN');
  const key = await make(member, ['READ']);
  await end(member);
  expect(await works(key)).toBe(false);
});

test('a key says who made it', async () => {
  const member = await newMember('ADMIN');
  const first = await make(member, ['ADMIN', 'READ']);
  const second = await make(await holderOf(first), ['READ']);
  const response = await fetch(`${t.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...bearer(first.secret) },
    body: JSON.stringify({
      query:
        '{ account { apiKeys { nodes { id createdBy { __typename ... on User { id } ... on ApiKey { id } } } } } }',
    }),
  });
  const { data } = (await response.json()) as {
    data: { account: { apiKeys: { nodes: object[] } } };
  };
  expect(data.account.apiKeys.nodes).toEqual(
    expect.arrayContaining([
      { id: first.id, createdBy: { __typename: 'User', id: member.userId } },
      { id: second.id, createdBy: { __typename: 'ApiKey', id: first.id } },
    ]),
  );
});
