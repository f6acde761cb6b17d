import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createSecret } from '../../src/accounts/api-key.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { signInBrowser, signUp } from '../support/people.js';
import { newCaller } from '../support/platform.js';

const outbox = temporaryFolder();
let t: TestApp;
/** The session of a person, as bearer token and as cookie. */
let person: IncomingHttpHeaders[];
beforeAll(async () => {
  t = await startTestApp({
    background: false,
    config: {
      mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
      // Ten thousand at once keep a slow machine busy.
      databaseConnectTimeoutMs: 120_000,
      databaseStatementTimeoutMs: 120_000,
    },
  });
  person = await signedIn('ada@example.org');
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

let networks = 0;
/** An office, say, that an attacker and people who work share. */
const newAddress = () => `192.0.2.${String((networks += 1))}`;

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
const wrongKey = () => bearer(createSecret().secret);
const wrongToken = () => bearer(randomBytes(16).toString('hex'));

function ask(headers: IncomingHttpHeaders, ip: string): Promise<string> {
  return t.app.services.authenticator.authenticate({ headers, ip }).then(
    () => 'ok',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
}

/** The window of the limit neither ends nor moves while a slow machine sends. */
function holdTime(): void {
  const now = performance.now();
  jest.spyOn(performance, 'now').mockReturnValue(now);
}
afterEach(() => {
  jest.restoreAllMocks();
});

async function statements(): Promise<number> {
  const text = await (await fetch(`${t.url}/metrics`)).text();
  return Number(/^gigarouter_db_statements_total (\d+)/m.exec(text)?.[1] ?? NaN);
}

async function signedIn(email: string) {
  const { token } = await signUp({ url: t.url, outboxDir: outbox.path }, email);
  const { cookie } = await signInBrowser(t.url, email);
  return [bearer(token), { cookie }];
}

describe.each([
  ['API key', wrongKey],
  ['session token', wrongToken],
])('a wrong %s', (_name, wrong) => {
  test('is UNAUTHENTICATED thirty times, then limited for what is left of a minute', async () => {
    const ip = newAddress();
    holdTime();
    const codes: string[] = [];
    for (let n = 0; n < 32; n += 1) codes.push(await ask(wrong(), ip));
    expect(codes).toEqual([
      ...Array.from({ length: 30 }, () => 'UNAUTHENTICATED'),
      'RATE_LIMITED',
      'RATE_LIMITED',
    ]);
    jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001);
    expect(await ask(wrong(), ip)).toBe('UNAUTHENTICATED');
  });

  test('counts for its network: addresses of one IPv6 /64 are one, and IPv4 in IPv6 is IPv4', async () => {
    holdTime();
    for (let n = 0; n < 30; n += 1)
      await ask(wrong(), `2001:db8:0:${String(networks)}::${String(n)}`);
    expect(await ask(wrong(), `2001:db8:0:${String(networks)}:ffff::1`)).toBe('RATE_LIMITED');
    expect(await ask(wrong(), `2001:db8:1:${String(networks)}::1`)).toBe('UNAUTHENTICATED');
    const ip = newAddress();
    for (let n = 0; n < 30; n += 1) await ask(wrong(), ip);
    expect(await ask(wrong(), `::ffff:${ip}`)).toBe('RATE_LIMITED');
  });

  // No statement for each, wherever they come from: 500 share one.
  test.each([
    ['one address', () => '198.51.100.1'],
    [
      'an address each',
      () =>
        `2001:db8::${randomBytes(8)
          .toString('hex')
          .replace(/(.{4})(?=.)/g, '$1:')}`,
    ],
  ])('ten thousand times at once from %s is cheap, and valid callers pass', async (_from, ip) => {
    const caller = await newCaller(t, 0n);
    const before = await statements();
    const refused = Array.from({ length: 10_000 }, () => ask(wrong(), ip()));
    // Nothing that was looked up before helps, as on another server.
    t.app.services.keyAuthenticator.forget();
    const valid = await Promise.all(
      [bearer(caller.secret), ...person].map((headers) => ask(headers, '198.51.100.1')),
    );
    expect(valid).toEqual(['ok', 'ok', 'ok']);
    for (const code of await Promise.all(refused)) {
      expect(['UNAUTHENTICATED', 'RATE_LIMITED']).toContain(code);
    }
    expect((await statements()) - before).toBeLessThan(100);
  });
});

test('valid credentials pass again and again beside a flood from their address', async () => {
  const ip = newAddress();
  const caller = await newCaller(t, 0n);
  const valid = [bearer(caller.secret), ...person];
  for (let round = 0; round < 50; round += 1) {
    t.app.services.keyAuthenticator.forget();
    const refused = Array.from({ length: 50 }, () => ask(wrongKey(), ip));
    expect(await Promise.all(valid.map((headers) => ask(headers, ip)))).toEqual(['ok', 'ok', 'ok']);
    await Promise.all(refused);
  }
});

// A WebSocket names its credentials in JSON, which can hold what no header can.
test.each([
  ['NUL', 'a\0b'],
  ['a lone surrogate', '\ud800'],
  ['an emoji', '🗝️'],
  ['a megabyte', 'a'.repeat(1_000_000)],
  ['a key with NUL', 'gr-\0'],
  ['dots alone', '..'],
  ['percent signs', '%00%'],
  ['a token with NUL in its signature', `${'a'.repeat(32)}.\0`],
])('a credential with %s is UNAUTHENTICATED, and fails no other', async (_name, secret) => {
  const answers = await Promise.all([
    ask(bearer(secret), newAddress()),
    ...person.map((headers) => ask(headers, newAddress())),
  ]);
  expect(answers).toEqual(['UNAUTHENTICATED', 'ok', 'ok']);
});
