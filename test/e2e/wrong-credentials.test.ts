import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createSecret } from '../../src/accounts/api-key.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { PASSWORD, signUp } from '../support/people.js';
import { newCaller } from '../support/platform.js';

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    background: false,
    config: { mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path } },
  });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

/** An address of an office: an attacker and people who work share it. */
const ADDRESS = '192.0.2.1';

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

function ask(headers: IncomingHttpHeaders): Promise<string> {
  return t.app.services.authenticator.authenticate({ headers, ip: ADDRESS }).then(
    () => 'ok',
    (error: unknown) => (error as { code: string }).code,
  );
}

/** Sends 10,000 wrong credentials, a hundred at once, and expects the valid ones to pass beside each hundred. */
async function flood(wrong: () => string, valid: readonly IncomingHttpHeaders[]) {
  const codes = new Set<string>();
  const before = await statements();
  for (let sent = 0; sent < 10_000; sent += 100) {
    // Nothing that was looked up before helps the valid ones, as on a slow machine or another server.
    t.app.services.keys.forget();
    const refused = Array.from({ length: 100 }, () => ask(bearer(wrong())));
    expect(await Promise.all(valid.map(ask))).toEqual(valid.map(() => 'ok'));
    for (const code of await Promise.all(refused)) codes.add(code);
  }
  return { codes: [...codes].sort(), statements: (await statements()) - before };
}

async function statements(): Promise<number> {
  const text = await (await fetch(`${t.url}/metrics`)).text();
  return Number(/^gigarouter_db_statements_total (\d+)/m.exec(text)?.[1] ?? NaN);
}

// A hundred that come at once share a statement; the first hundred come before the first has failed.
test('an API key works beside ten thousand wrong ones, which cost few statements', async () => {
  const caller = await newCaller(t, 0n);
  const { codes, statements } = await flood(() => createSecret().secret, [bearer(caller.secret)]);
  expect(codes).toEqual(['RATE_LIMITED', 'UNAUTHENTICATED']);
  expect(statements).toBeLessThan(1_000);
});

test('a session works beside ten thousand wrong tokens, as bearer token and as cookie', async () => {
  const email = 'ada@example.org';
  const { token } = await signUp({ url: t.url, outboxDir: outbox.path }, email);
  const response = await fetch(`${t.url}/api/auth/sign-in/email`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  const cookie = response.headers.get('set-cookie')?.split(';')[0];
  expect(cookie).toMatch(/session_token=/);
  const valid = [bearer(token), { cookie }];
  const { codes, statements } = await flood(() => randomBytes(24).toString('base64url'), valid);
  expect(codes).toEqual(['RATE_LIMITED']);
  // Each session that is valid takes a few of its own.
  expect(statements).toBeLessThan(2_000);
});

test('a wrong credential of any kind is limited once thirty have failed', async () => {
  for (const secret of [createSecret().secret, randomBytes(24).toString('base64url')]) {
    for (let n = 0; n < 30; n += 1) await ask(bearer(secret));
    expect(await ask(bearer(secret))).toBe('RATE_LIMITED');
  }
});
