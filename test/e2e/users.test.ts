import { postGraphQL, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { addMember, newSide, type Side } from '../support/owned-objects.js';
import { personOf, signUp } from '../support/people.js';
import { bearer } from '../support/platform.js';

const outbox = temporaryFolder();
let t: TestApp;
let mine: Side;
let other: Side;
beforeAll(async () => {
  t = await startTestApp({ background: false, config: mailTo(outbox.path) });
  mine = await newSide(t, outbox.path);
  other = await newSide(t, outbox.path);
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const NODE =
  'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on User { id name email isEmailVerified } } }';

test('a user is visible to themselves and to members of the same account, and to nobody else', async () => {
  const member = await addMember(t, mine.accountId);
  const ids = [mine.userId, member, other.userId, 'usr_none', 'usr_\u0000'];
  const { body } = await mine.person.gql(NODE, { ids });
  expect(body.data.nodes).toEqual([
    expect.objectContaining({ id: mine.userId, email: mine.person.email, isEmailVerified: true }),
    {
      __typename: 'User',
      id: member,
      name: 'M',
      email: `${member}@example.org`,
      isEmailVerified: null,
    },
    null,
    null,
    null,
  ]);
  const removed = await mine.person.gql(
    'mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { userErrors { code } } }',
    { input: { accountId: mine.accountId, userId: member } },
  );
  expect(removed.body.data.removeMember.userErrors).toEqual([]);
  expect((await mine.person.gql(NODE, { ids: [member] })).body.data.nodes).toEqual([null]);
});

test('a key sees the members of its account if it may read; nobody is shown to callers without credentials', async () => {
  const ids = [mine.userId, other.userId];
  const { body } = await postGraphQL(
    t.url,
    { query: NODE, variables: { ids } },
    bearer(mine.secret),
  );
  expect(body.data.nodes).toEqual([
    expect.objectContaining({ id: mine.userId, isEmailVerified: null }),
    null,
  ]);
  const made = await mine.person.gql(
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { secret userErrors { code } } }`,
    { input: { accountId: mine.accountId, name: 'run', scopes: ['INFERENCE'] } },
  );
  const narrow = bearer(made.body.data.createApiKey.secret as string);
  expect(
    (await postGraphQL(t.url, { query: NODE, variables: { ids } }, narrow)).body.data.nodes,
  ).toEqual([null, null]);
  expect((await t.gql(NODE, { ids })).body.data.nodes).toEqual([null, null]);
});

test('an account that requires a second factor shows its members only to sessions that have shown one', async () => {
  const member = await addMember(t, mine.accountId);
  const own = personOf(t.url, mine.person.email, mine.person.token);
  expect((await own.gql(NODE, { ids: [member] })).body.data.nodes[0]).toMatchObject({ id: member });
  await t.app.services.accountAdmin.requireSecondFactor({}, mine.accountId, true);
  expect((await own.gql(NODE, { ids: [member, mine.userId] })).body.data.nodes).toEqual([
    null,
    expect.objectContaining({ id: mine.userId }),
  ]);
  await t.app.services.accountAdmin.requireSecondFactor({}, mine.accountId, false);
});

test('an operator sees every user', async () => {
  const operator = await signUp({ url: t.url, outboxDir: outbox.path }, 'boss@example.org');
  await t.app.services.accounts.setOperator(operator.email, true);
  expect((await operator.gql(NODE, { ids: [other.userId] })).body.data.nodes).toEqual([
    expect.objectContaining({ id: other.userId, isEmailVerified: true }),
  ]);
});
