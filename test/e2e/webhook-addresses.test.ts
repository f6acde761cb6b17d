import { WebhookGateway } from '../../src/notifications/index.js';
import type { Resolve } from '../../src/platform/outbound.js';
import { errorOf, startTestApp, type TestApp } from '../support/app.js';
import { newCaller } from '../support/platform.js';
import { type Receiver, startReceiver } from '../support/receiver.js';

let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
beforeEach(() => {
  receiver.received.length = 0;
});
afterAll(() => {
  receiver.close();
});

const names =
  (table: Record<string, string[]>): Resolve =>
  (host) =>
    Promise.resolve((table[host] ?? []).map((address) => ({ address, family: 4 })));
const gateway = (allow: string[] = [], resolve?: Resolve) =>
  new WebhookGateway({ allow, timeoutMs: 15_000 }, resolve);
const secrets = [`whsec_${btoa('a secret of ours')}`];
const message = { id: 'test', body: '{}', secrets, sentAt: new Date() };
const never = new AbortController().signal;
const send = (from: WebhookGateway, url: string) => from.send(url, message, never);

const NOT_PUBLIC = 'The webhook’s URL does not lead to the public internet.';

test.each([
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f000001/',
  'https://0177.0.0.1/',
  'https://0.0.0.0/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://192.168.1.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.64.0.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[fd00:ec2::254]/',
  'https://[fe80::1]/',
  'https://localhost/',
])('%s is refused when it is made, and when it is delivered to', async (url) => {
  await expect(gateway().check(url)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: NOT_PUBLIC,
  });
  expect(await send(gateway(), url)).toMatchObject({ delivered: false, error: NOT_PUBLIC });
});

test.each([
  ['no URL', 'not a url', /not a URL/],
  ['http', 'http://8.8.8.8/', /https:\/\//],
  ['another protocol', 'file:///etc/passwd', /https:\/\//],
  ['a password', 'https://user:secret@8.8.8.8/', /user name or password/],
  ['a name that hides the host', 'https://8.8.8.8:443@127.0.0.1/', /user name or password/],
  ['the port of mail', 'https://8.8.8.8:25/', /must be 443/],
  ['port 0', 'https://8.8.8.8:0/', /must be 443/],
  ['a port that there is not', 'https://8.8.8.8:99999/', /not a URL/],
  ['a very long one', `https://8.8.8.8/${'x'.repeat(3_000)}`, /2048 characters/],
  ['a name that nobody has', 'https://no-such-name.invalid/', /could not be resolved/],
])('%s is refused', async (_name, url, expected) => {
  await expect(gateway().check(url)).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    message: expect.stringMatching(expected) as string,
  });
  expect((await send(gateway(), url)).delivered).toBe(false);
});

test('an address on the public internet, and http on an allowed one, can be delivered to', async () => {
  expect(await gateway().check('https://8.8.8.8:8443/a?b=c#d')).toBe('https://8.8.8.8:8443/a?b=c');
  expect(await gateway(['127.0.0.0/8']).check(receiver.url)).toBe(receiver.url);
  expect(await send(gateway(['127.0.0.1']), receiver.url)).toMatchObject({ delivered: true });
});

test('a name that leads to this machine, also among public addresses, is refused', async () => {
  const resolve = names({ 'inner.test': ['127.0.0.1'], 'mixed.test': ['8.8.8.8', '127.0.0.1'] });
  for (const host of ['inner.test', 'mixed.test']) {
    const url = `https://${host}:${String(receiver.port)}/`;
    await expect(gateway([], resolve).check(url)).rejects.toMatchObject({ message: NOT_PUBLIC });
    expect(await send(gateway([], resolve), url)).toMatchObject({ error: NOT_PUBLIC });
  }
  expect(receiver.received).toEqual([]);
});

test('a name that was public when it was made and leads here later is not delivered to', async () => {
  let address = '8.8.8.8';
  const from = gateway([], () => Promise.resolve([{ address, family: 4 }]));
  const url = `https://rebind.test:${String(receiver.port)}/`;
  expect(await from.check(url)).toBe(url);
  address = '127.0.0.1';
  expect(await send(from, url)).toMatchObject({ error: NOT_PUBLIC });
});

test('a name is asked for once at each delivery: a second answer cannot lead elsewhere', async () => {
  let asked = 0;
  const from = gateway(['127.0.0.1'], () => {
    asked += 1;
    return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
  });
  const outcome = await send(from, `http://rebind.test:${String(receiver.port)}/`);
  expect([outcome.delivered, asked]).toEqual([true, 1]);
});

describe('over GraphQL', () => {
  let t: TestApp;
  beforeAll(async () => {
    t = await startTestApp({ seeded: false });
  });
  afterAll(() => t.stop());

  test('an endpoint cannot be made or moved to where it may not lead', async () => {
    const caller = await newCaller(t, 0n, { scopes: ['ADMIN', 'READ'] });
    const create = (url: string) =>
      caller.gql(
        'mutation ($url: String!) { createWebhookEndpoint(input: { url: $url }) { webhookEndpoint { id } userErrors { code message path details } } }',
        { url },
      );
    for (const url of [receiver.url, 'https://169.254.169.254/', 'https://[::ffff:10.0.0.1]/']) {
      const { body } = await create(url);
      expect(errorOf({ body })).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'url' });
    }
    const made = await create('https://8.8.8.8/');
    const { body } = await caller.gql(
      'mutation ($id: ID!) { updateWebhookEndpoint(input: { id: $id, url: "https://10.0.0.1/" }) { webhookEndpoint { url } userErrors { code message path details } } }',
      { id: made.body.data.createWebhookEndpoint.webhookEndpoint.id },
    );
    expect(errorOf({ body })).toMatchObject({ code: 'BAD_USER_INPUT', argument: 'url' });
    const list = await caller.gql('{ account { webhookEndpoints { url } } }');
    expect(list.body.data.account.webhookEndpoints).toEqual([{ url: 'https://8.8.8.8/' }]);
  });
});
