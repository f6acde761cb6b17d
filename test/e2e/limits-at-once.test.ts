import { codeOf } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { bearer, type Caller, startPlatform, type TestPlatform } from '../support/platform.js';

/* Attack: more of what an account may have so many of, by asking for many at once. */

const MIB = 2 ** 20;
const folder = temporaryFolder();
let t: TestPlatform;
let caller: Caller;
beforeAll(async () => {
  const uploads = { folder: folder.path, ttlS: 3_600, accountBytesMax: 40 * MIB };
  t = await startPlatform({ uploads }, {}, { background: false });
  caller = await t.caller(0n, { scopes: ['INFERENCE', 'READ', 'ADMIN'] });
});
afterAll(async () => {
  await t.stop();
  folder.remove();
});

const CREATE = {
  'API keys': `mutation ($name: String!) {
    createApiKey(input: { name: $name, scopes: [READ] }) { secret userErrors { code message path details } } }`,
  'label sets': `mutation ($name: String!) {
    createLabelSet(input: { name: $name, labels: ["cat"] }) { labelSet { id } userErrors { code message path details } } }`,
};

test.each(Object.entries(CREATE))('an account has 100 %s at most', async (what, query) => {
  const create = async (name: string) => codeOf(await caller.gql(query, { name }));
  const all = Array.from({ length: 130 }, (_, n) => create(`name ${String(n)}`));
  const codes = await Promise.all(all);
  const made = codes.filter((code) => code === undefined).length;
  // The caller's own key is one.
  expect(made).toBe(what === 'API keys' ? 99 : 100);
  expect(new Set(codes)).toEqual(new Set([undefined, 'CONFLICT']));
});

test('the files of an account have no more bytes together than they may', async () => {
  const line = `${'x'.repeat(MIB - 1)}\n`;
  const upload = async () => {
    const form = new FormData();
    form.append('purpose', 'batch');
    form.append('file', new Blob([line.repeat(8)]), 'x.jsonl');
    const answer = await fetch(`${t.url}/v1/files`, {
      method: 'POST',
      headers: bearer(caller.secret),
      body: form,
    });
    await answer.text();
    return answer.status;
  };
  const statuses = await Promise.all(Array.from({ length: 12 }, upload));
  const [kept] = await t.database.query<{ bytes: string }>(
    'SELECT sum(bytes) AS bytes FROM upload',
  );
  expect(Number(kept?.bytes)).toBeLessThanOrEqual(40 * MIB);
  expect(new Set(statuses)).toEqual(new Set([201, 409]));
});
