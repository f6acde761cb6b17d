import { readdirSync } from 'node:fs';
import { addModel, codeOf, type DemandRig, request, startDemandRig } from '../support/demand.js';
import { mailAfter, mailsTo } from '../support/people.js';
import { until } from '../support/process.js';

let t: DemandRig;
beforeAll(async () => {
  t = await startDemandRig();
  await addModel(t, 'wait/model');
});
afterAll(() => t.stop());

const SLUG = 'wait/model';
const JOIN =
  'mutation ($input: JoinWaitlistInput!) { joinWaitlist(input: $input) { userErrors { code message path details } } }';
const join = (email: string, more: object = { slug: SLUG }) =>
  t.gql(JOIN, { input: { email, ...more } });
/** The token of the mail that it sends. */
const joined = async (email: string, more?: object) =>
  (await mailAfter(t.outboxDir, email, () => join(email, more))).token;
const confirm = (token: string) =>
  t.gql(
    'mutation ($token: String!) { confirmWaitlist(input: { token: $token }) { userErrors { code message path details } } }',
    { token },
  );
const requestsOf = async (slug = SLUG) =>
  (await t.gql('query ($slug: String!) { model(slug: $slug) { demand { requests } } }', { slug }))
    .body.data.model?.demand.requests as number | undefined;

test('counts once the address is confirmed, and once for a mailbox', async () => {
  const before = (await requestsOf()) ?? 0;
  const token = await joined('ada@example.org');
  expect(await requestsOf()).toBe(before);
  expect((await confirm(token)).body.data.confirmWaitlist.userErrors).toEqual([]);
  expect((await confirm(token)).body.data.confirmWaitlist.userErrors).toEqual([]);
  expect(await requestsOf()).toBe(before + 1);
  await confirm(await joined('Ada+again@EXAMPLE.org'));
  expect(await requestsOf()).toBe(before + 1);
});

test('nothing is stored of who does not confirm', async () => {
  const useCase = 'none of your business';
  const token = await joined('shy@example.org', { slug: 'never/proposed', useCase });
  await until('nothing to be stored', async () => {
    const found = await t.database.query(
      `SELECT FROM model_request WHERE email LIKE 'shy%' UNION ALL SELECT FROM model WHERE slug = 'never/proposed'
       UNION ALL SELECT FROM queued_mail WHERE email LIKE 'shy%'`,
    );
    return found.length === 0 || undefined;
  });
  await confirm(token);
  const [request] = await t.database.query(
    `SELECT use_case AS "useCase" FROM model_request WHERE email LIKE 'shy%'`,
  );
  expect(request).toEqual({ useCase });
  expect(await requestsOf('never/proposed')).toBe(1);
});

test('the page of the link has a button; looking at it confirms nothing', async () => {
  const token = await joined('bob@example.org');
  const before = await requestsOf();
  const page = await fetch(`${t.url}/auth/waitlist?token=${encodeURIComponent(token)}`);
  expect(await page.text()).toContain('<button>Confirm</button>');
  expect(await requestsOf()).toBe(before);
  const done = await fetch(`${t.url}/auth/waitlist`, {
    method: 'POST',
    body: new URLSearchParams({ token }),
  });
  expect([done.status, (await done.text()).includes('Your request is confirmed')]).toEqual([
    200,
    true,
  ]);
  expect(await requestsOf()).toBe((before ?? 0) + 1);
});

test('a member of an account that asked is not counted again', async () => {
  const person = await t.person('member@example.org');
  await request(person, { slug: SLUG });
  const before = await requestsOf();
  await confirm(await joined('member@example.org'));
  expect(await requestsOf()).toBe(before);
});

test('a known and a new address are answered alike', async () => {
  const known = await join('ada@example.org');
  const fresh = await join('nobody@example.org');
  const mine = await join('operator@example.org');
  expect(known.body).toEqual(fresh.body);
  expect(mine.body).toEqual(fresh.body);
  expect(known.status).toBe(fresh.status);
});

test('a link that was changed, is for something else, or is over, does nothing', async () => {
  const token = await joined('carl@example.org');
  const before = await requestsOf();
  const [head = '', body = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
  const forged = Buffer.from(JSON.stringify({ ...claims, email: 'x@example.org' }));
  const none = Buffer.from('{"alg":"none"}').toString('base64url');
  for (const wrong of [
    '',
    'x',
    `${head}.${forged.toString('base64url')}.${signature}`,
    `${none}.${body}.`,
    `${token}x`,
    `${token}\0`,
  ]) {
    expect(codeOf(await confirm(wrong))).toBe('BAD_USER_INPUT');
  }
  const leave =
    'mutation ($token: String!) { leaveWaitlist(input: { token: $token }) { userErrors { code message path details } } }';
  expect(codeOf(await t.gql(leave, { token }))).toBe('BAD_USER_INPUT');
  expect(await requestsOf()).toBe(before);
  const own = await startDemandRig();
  try {
    await addModel(own, SLUG);
    const input = { email: 'carl@example.org', slug: SLUG };
    const { token: late } = await mailAfter(own.outboxDir, input.email, () =>
      own.gql(JOIN, { input }),
    );
    await own.skip(8);
    const query =
      'mutation ($token: String!) { confirmWaitlist(input: { token: $token }) { userErrors { code message path details } } }';
    expect(codeOf(await own.gql(query, { token: late }))).toBe('BAD_USER_INPUT');
  } finally {
    await own.stop();
  }
});

test.each([['no address'], ['two@at@signs'], [`${'x'.repeat(300)}@example.org`], ['a@b\0']])(
  'refuses the address %j',
  async (email) => {
    expect(codeOf(await join(email))).toBe('BAD_USER_INPUT');
  },
);

test('a mailbox gets five mails a day, and is answered as before; an address on the network twenty', async () => {
  const own = await startDemandRig();
  try {
    await addModel(own, SLUG);
    const OWN = readdirSync(own.outboxDir).length;
    const ask = (email: string) => own.gql(JOIN, { input: { email, slug: SLUG } });
    for (let n = 0; n < 8; n++) {
      const { body } = await ask(`vic.tim+${String(n)}@gmail.com`);
      expect(body.data.joinWaitlist.userErrors).toEqual([]);
    }
    for (let n = 0; n < 12; n++) await ask(`other${String(n)}@example.org`);
    await until('all mails', () => readdirSync(own.outboxDir).length >= OWN + 5 + 12 || undefined);
    expect(mailsTo(own.outboxDir, 'vic.tim+4@gmail.com')).toHaveLength(1);
    expect(mailsTo(own.outboxDir, 'vic.tim+5@gmail.com')).toHaveLength(0);
    expect(codeOf(await ask('late@example.org'))).toBe('RATE_LIMITED');
    expect(readdirSync(own.outboxDir)).toHaveLength(OWN + 5 + 12);
  } finally {
    await own.stop();
  }
});
