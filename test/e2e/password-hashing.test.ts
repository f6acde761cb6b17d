import { stat } from 'node:fs/promises';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { PasswordHasher } from '../../src/accounts/index.js';
import { createLogger } from '../../src/platform/logger.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { mailAfter, PASSWORD, SIGN_IN, SIGN_UP, signUp, VERIFY } from '../support/people.js';
import { rawRequest } from '../support/raw-request.js';

/** One runs, and so many wait. */
const ACCEPTED = 17;

describe('the hasher', () => {
  const hasher = new PasswordHasher(createLogger('silent'), 1);
  afterAll(() => hasher.stop());

  test('verifies what the identity library hashed before, and the other way round', async () => {
    const password = 'ﬁne letters of a café';
    const before = await hashPassword(password);
    expect(await hasher.verify({ hash: before, password })).toBe(true);
    expect(await hasher.verify({ hash: before, password: `${password}.` })).toBe(false);
    const now = await hasher.hash(password);
    expect(now).not.toBe(await hasher.hash(password));
    expect(await verifyPassword({ hash: now, password })).toBe(true);
    await expect(hasher.verify({ hash: 'no hash', password })).rejects.toThrow('unknown form');
  });

  test('takes one at a time and a short queue, and refuses the rest at once', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, () => hasher.hash(PASSWORD)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(ACCEPTED);
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') continue;
      expect(outcome.reason).toMatchObject({
        code: 'OVERLOADED',
        details: { retryAfterS: expect.any(Number) as number },
      });
    }
    expect(await hasher.hash(PASSWORD)).toMatch(/^[0-9a-f]{32}:[0-9a-f]{128}$/);
  });

  test('leaves libuv’s pool to others', async () => {
    let hashed = 0;
    const all = Array.from({ length: ACCEPTED }, () => hasher.hash(PASSWORD).then(() => hashed++));
    // In the pool it would wait for all but the last few.
    await stat('.');
    expect(hashed).toBeLessThan(ACCEPTED - 4);
    await Promise.all(all);
  });
});

describe('while the queue is full', () => {
  const outbox = temporaryFolder();
  let t: TestApp;
  let isOver = false;
  /** Of a sign-up that is not confirmed yet. */
  let token: string;
  beforeAll(async () => {
    const mail = { smtpUrl: undefined, from: 'Test <test@localhost>', outboxDir: outbox.path };
    t = await startTestApp({ config: { mail } });
    await signUp({ url: t.url, outboxDir: outbox.path }, 'ada@example.org');
    const asked = () => t.gql(SIGN_UP, { email: 'new@example.org' });
    ({ token } = await mailAfter(outbox.path, 'new@example.org', asked));
    // As soon as one is hashed, the next takes its place.
    const fill = () => {
      if (!isOver) void t.app.services.passwords.hash(PASSWORD).then(fill, () => undefined);
    };
    for (let n = 0; n < 100; n++) fill();
  });
  afterAll(async () => {
    isOver = true;
    await t.stop();
    outbox.remove();
  });

  const credentials = { email: 'ada@example.org', password: PASSWORD };
  const post = (path: string, body: object, more: Record<string, string> = {}) =>
    rawRequest(t.url, {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...more },
      body: JSON.stringify(body),
    });

  test.each([
    ['signIn', () => post('/graphql', { query: SIGN_IN, variables: credentials })],
    [
      'signIn of an unknown person',
      () =>
        post('/graphql', {
          query: SIGN_IN,
          variables: { ...credentials, email: 'nobody@example.org' },
        }),
    ],
    [
      'verifyEmail',
      () => post('/graphql', { query: VERIFY, variables: { token, password: PASSWORD } }),
    ],
    ['the route of the identity library', () => post('/api/auth/sign-in/email', credentials)],
  ])('%s is 503 with Retry-After and a code', async (_name, ask) => {
    const { status, headers, text } = await ask();
    expect(status).toBe(503);
    expect(headers['retry-after']).toMatch(/^[1-4]$/);
    expect(text).toContain('"code":"OVERLOADED"');
  });

  test('a refusal is no guess: nobody is locked out by it', async () => {
    for (let tries = 0; tries < 15; tries++) {
      const { text } = await post('/graphql', { query: SIGN_IN, variables: credentials });
      expect(text).toContain('OVERLOADED');
    }
  });

  test('a person who is signed in already is served', async () => {
    expect((await t.gql('{ tasks { task } }')).status).toBe(200);
  });
});
