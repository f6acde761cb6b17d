import { codeOf, errorOf, postGraphQL, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo } from '../support/operators.js';
import { type Person, signUp } from '../support/people.js';
import { bearer, newCaller } from '../support/platform.js';

const outbox = temporaryFolder();
let t: TestApp;
let owner: Person;
beforeAll(async () => {
  t = await startTestApp({ config: mailTo(outbox.path) });
  owner = await signUp({ url: t.url, outboxDir: outbox.path }, 'owner@example.org');
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const OPEN = `mutation ($name: String!) { createOrganization(input: { name: $name }) { account { id } } }`;

test('who has left an account does nothing more there, in the same document neither', async () => {
  const member = await signUp({ url: t.url, outboxDir: outbox.path }, 'member@example.org');
  const made = await owner.gql(OPEN, { name: 'Acme' });
  const id = made.body.data.createOrganization.account.id as string;
  await t.database.query(
    `INSERT INTO membership (account_id, user_id, role)
     SELECT $1, id, 'ADMIN' FROM app_user WHERE email = 'member@example.org'`,
    [id],
  );
  const { body } = await member.gql(
    `mutation ($id: ID!) {
      before: createApiKey(input: { accountId: $id, name: "before" }) { secret userErrors { code } }
      leave: leaveAccount(input: { accountId: $id }) { leftAccountId userErrors { code } }
      after: createApiKey(input: { accountId: $id, name: "after" }) { secret userErrors { code } }
      invite: inviteMember(input: { accountId: $id, email: "second@example.org" }) { userErrors { code } }
    }`,
    { id },
  );
  const gone = [{ code: 'NOT_FOUND' }];
  expect(body.data).toEqual({
    before: { secret: expect.any(String) as string, userErrors: [] },
    leave: { leftAccountId: id, userErrors: [] },
    after: { secret: null, userErrors: gone },
    invite: { userErrors: gone },
  });
});

test('a key in its grace period does not get the limits back that were taken from it', async () => {
  const admin = await newCaller(t, 0n, { scopes: ['INFERENCE', 'READ', 'ADMIN'] });
  const CREATE = `mutation { createApiKey(input: { name: "k", scopes: [INFERENCE, ADMIN] }) { secret apiKey { id } } }`;
  const ROTATE = `mutation ($id: ID!) { rotateApiKey(input: { id: $id, graceHours: 720 }) { apiKey { id } userErrors { code } } }`;
  const UPDATE = `mutation ($id: ID!) { updateApiKey(input: { id: $id, models: ["openai/clip-vit-base-patch32"] }) { userErrors { code } } }`;
  const { secret, apiKey } = (await admin.gql(CREATE)).body.data.createApiKey;
  const next = (await admin.gql(ROTATE, { id: apiKey.id })).body.data.rotateApiKey.apiKey.id;
  expect(errorOf(await admin.gql(UPDATE, { id: apiKey.id }))).toBeUndefined();
  const body = { query: ROTATE, variables: { id: next } };
  expect(codeOf(await postGraphQL(t.url, body, bearer(secret as string)))).toBe('FORBIDDEN');
});

test('nobody adds scopes to a key that somebody else made', async () => {
  const caller = await newCaller(t, 0n, { scopes: ['INFERENCE', 'READ', 'ADMIN'] });
  const other = await newCaller(t, 0n, { scopes: ['READ'] });
  const own = await caller.gql(
    'mutation { createApiKey(input: { name: "k", scopes: [READ] }) { apiKey { id } } }',
  );
  const UPDATE = `mutation ($id: ID!) { updateApiKey(input: { id: $id, scopes: [READ, INFERENCE] }) { userErrors { code } } }`;
  const { id } = own.body.data.createApiKey.apiKey;
  expect(errorOf(await caller.gql(UPDATE, { id }))).toBeUndefined();
  const made = await caller.gql('{ account { apiKeys { nodes { id name } } } }');
  const first = (made.body.data.account.apiKeys.nodes as { id: string; name: string }[]).at(-1);
  expect(codeOf(await caller.gql(UPDATE, { id: first?.id }))).toBe('FORBIDDEN');
  expect(codeOf(await other.gql(UPDATE, { id }))).toBe('FORBIDDEN');
});

test('a subscription costs each time: what is dear is queried', async () => {
  const { secret } = await newCaller(t, 0n);
  const watch = async (selection: string) => {
    const query = `subscription { balanceChanged { ${selection} } }`;
    const response = await fetch(`${t.url}/graphql/stream`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(secret) },
      body: JSON.stringify({ query }),
    });
    let text = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      if (text.includes('event: next')) break;
    }
    return text;
  };
  expect(await watch('id name balance { availableNanos }')).toContain('"availableNanos":"0"');
  const range = '{ from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" }';
  expect(await watch(`usage(range: ${range}) { total { calls } }`)).toContain('QUERY_TOO_COMPLEX');
});
