import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { addMember, newSide, type Side } from '../support/owned-objects.js';
import { mailAfter } from '../support/people.js';

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

const MEMBERS = `query ($id: ID, $first: Int! = 20, $after: String, $filter: MembershipFilter) {
  account(id: $id) { members(first: $first, after: $after, filter: $filter) {
    edges { cursor } nodes { id role user { id name email } } pageInfo { hasNextPage endCursor } } } }`;
const NODES = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
const INVITE = `mutation ($input: InviteMemberInput!) { inviteMember(input: $input) {
  invitation { id inviter { id } } invitationEdge { cursor node { id } } userErrors { code path } } }`;

test('members are paged in order of joining, filtered by role, and are nodes of their account alone', async () => {
  const added = [await addMember(t, mine.accountId), await addMember(t, mine.accountId)];
  const page = async (variables: object = {}) =>
    (await mine.person.gql(MEMBERS, { id: mine.accountId, ...variables })).body.data.account
      .members;
  const all = await page();
  expect(all.nodes.map(({ user }: { user: { id: string } }) => user.id).sort()).toEqual(
    [mine.userId, ...added].sort(),
  );
  const first = await page({ first: 2 });
  expect(first.pageInfo.hasNextPage).toBe(true);
  const rest = await page({ first: 2, after: first.pageInfo.endCursor });
  expect([...first.nodes, ...rest.nodes]).toEqual(all.nodes);
  expect(rest.pageInfo.hasNextPage).toBe(false);
  expect((await page({ filter: { roles: ['OWNER', 'ADMIN'] } })).nodes).toEqual([
    expect.objectContaining({ role: 'OWNER' }),
  ]);
  const empty = await mine.person.gql(MEMBERS, { filter: { roles: [] } });
  expect(errorOf(empty)).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'filter.roles' });

  const id = all.nodes[0].id as string;
  const ids = [id, id.replace(mine.userId, other.userId), 'mem_x', 'mem_acct_x_usr_\u0000'];
  expect((await mine.person.gql(NODES, { ids })).body.data.nodes).toEqual([
    { __typename: 'Membership', id },
    null,
    null,
    null,
  ]);
  expect((await other.person.gql(NODES, { ids: [id] })).body.data.nodes).toEqual([null]);
});

test('a changed role reaches the membership of the list, and a removed one names it', async () => {
  const userId = await addMember(t, mine.accountId);
  const input = { accountId: mine.accountId, userId };
  const id = `mem_${mine.accountId}_${userId}`;
  const changed = await mine.person.gql(
    'mutation ($input: UpdateMemberRoleInput!) { updateMemberRole(input: $input) { membership { id role user { id } } userErrors { code } } }',
    { input: { ...input, role: 'VIEWER' } },
  );
  expect(changed.body.data.updateMemberRole.membership).toEqual({
    id,
    role: 'VIEWER',
    user: { id: userId },
  });
  const removed = await mine.person.gql(
    'mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { deletedMembershipId userErrors { code } } }',
    { input },
  );
  expect(removed.body.data.removeMember.deletedMembershipId).toBe(id);
});

test('invitations are paged, are nodes for who administers the account, and name who sent them', async () => {
  const invite = async (email: string) => {
    const { body } = await mine.person.gql(INVITE, {
      input: { accountId: mine.accountId, email },
    });
    return body.data.inviteMember;
  };
  const one = await invite('one@example.org');
  const two = await invite('two@example.org');
  expect(two.invitation).toEqual({ id: two.invitationEdge.node.id, inviter: { id: mine.userId } });
  const PAGE = `query ($id: ID, $after: String) { account(id: $id) {
    invitations(first: 1, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage } } } }`;
  const page = async (after?: string) =>
    (await mine.person.gql(PAGE, { id: mine.accountId, after })).body.data.account.invitations;
  const first = await page();
  expect(first).toEqual({ edges: [two.invitationEdge], pageInfo: { hasNextPage: true } });
  const second = await page(first.edges[0].cursor as string);
  expect(second.edges).toEqual([one.invitationEdge]);
  expect(second.pageInfo).toEqual({ hasNextPage: false });

  const ids = [one.invitation.id as string, 'inv_none'];
  expect((await mine.person.gql(NODES, { ids })).body.data.nodes).toEqual([
    { __typename: 'Invitation', id: ids[0] },
    null,
  ]);
  expect((await other.person.gql(NODES, { ids })).body.data.nodes).toEqual([null, null]);
});

describe('an invitation', () => {
  const PREVIEW =
    'query ($token: String!) { invitation(token: $token) { email role accountName inviterName inviterEmail } }';
  const rename = (name: string) =>
    t.database.query('UPDATE account SET name = $2 WHERE id = $1', [mine.accountId, name]);
  const mailed = (email: string) =>
    mailAfter(outbox.path, email, () =>
      mine.person.gql(INVITE, { input: { accountId: mine.accountId, email, role: 'VIEWER' } }),
    );

  test('names the organization and the inviter in the mail, on the page and by its token', async () => {
    await rename('Acme <b>Labs</b>');
    const { subject, text, token } = await mailed('guest@example.org');
    expect(subject).toContain('Acme');
    expect(text.replace(/\s+/g, ' ')).toContain(`Test (${mine.person.email}) invites you to join`);
    const page = await (await fetch(`${t.url}/auth/invitation?token=${token}`)).text();
    expect(page).toContain('Acme &#60;b&#62;Labs&#60;/b&#62;');
    expect(page).toContain(`Test (${mine.person.email}) invites you`);
    const { body } = await t.gql(PREVIEW, { token });
    expect(body.data.invitation).toEqual({
      email: 'guest@example.org',
      role: 'VIEWER',
      accountName: 'Acme <b>Labs</b>',
      inviterName: 'Test',
      inviterEmail: mine.person.email,
    });
    expect((await t.gql(PREVIEW, { token: `${token}x` })).body.data.invitation).toBeNull();
    expect(codeOf(await t.gql(PREVIEW, { token: '' }))).toBeUndefined();
  });

  test.each(['Win at evil.example', 'http://1.2.3.4/x', 'www.evil'])(
    'carries no link of somebody else’s choice: %s',
    async (name) => {
      await rename(name);
      const { subject, text } = await mailed('guest@example.org');
      expect(`${subject} ${text}`).not.toContain(name);
      expect(text).toContain('an organization');
    },
  );
});
