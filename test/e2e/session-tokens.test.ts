import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { newId } from '../../src/platform/ids.js';
import { codeOf, errorOf, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import {
  browserOf,
  mailAfter,
  PASSWORD,
  type Person,
  personOf,
  signIn,
  signInBrowser,
  signUp,
} from '../support/people.js';
import { bearer } from '../support/platform.js';

/*
 * Attack: a script on a page (XSS) or a copy of the database yields something that signs in as somebody else.
 */

const outbox = temporaryFolder();
let t: TestApp;
let server: { url: string; outboxDir: string };
beforeAll(async () => {
  t = await startTestApp({
    config: {
      publicUrl: 'http://gigarouter.test',
      mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
    },
  });
  server = { url: t.url, outboxDir: outbox.path };
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

let people = 0;
const newPerson = () => signUp(server, `session${String((people += 1))}@example.org`);
const VIEWER = '{ viewer { user { email } } }';

/** All that a script may read of an answer: browsers hide `set-cookie` and nothing else. */
async function readable(answer: Response): Promise<string> {
  const headers = [...answer.headers].filter(([name]) => name !== 'set-cookie');
  return `${JSON.stringify(headers)}\n${await answer.text()}`;
}

describe('what a page’s scripts can read', () => {
  test('no answer to a browser contains the token of its session', async () => {
    const { email } = await newPerson();
    const browser = await signInBrowser(t.url, email);
    expect(browser.token).toMatch(/^\w{32}$/);
    const answers = [
      browser.answer,
      await browser.send('/api/auth/get-session'),
      await browser.send('/api/auth/list-accounts'),
      await browser.send('/api/auth/update-user', { method: 'POST', body: { name: 'Eve' } }),
      await browser.send('/graphql', {
        method: 'POST',
        body: {
          query: '{ viewer { user { email } } sessions { id isCurrent ipAddress userAgent } }',
        },
      }),
    ];
    const changed = await browser.send('/api/auth/change-password', {
      method: 'POST',
      body: {
        currentPassword: PASSWORD,
        newPassword: 'another good password',
        revokeOtherSessions: true,
      },
    });
    const next = browserOf(t.url, changed);
    expect(next.token).toMatch(/^\w{32}$/);
    for (const answer of [...answers, changed]) {
      expect(answer.status).toBe(200);
      const text = await readable(answer);
      expect([answer.url, text.includes(browser.token)]).toEqual([answer.url, false]);
      expect([answer.url, text.includes(next.token)]).toEqual([answer.url, false]);
    }
    expect(await (await next.send('/api/auth/get-session')).json()).toMatchObject({
      user: { email },
    });
  });

  test('the page of a link that signs in shows no token', async () => {
    const { email } = await newPerson();
    const REQUEST =
      'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }';
    const { token } = await mailAfter(outbox.path, email, () => t.gql(REQUEST, { email }));
    const body = new URLSearchParams({ token });
    const answer = await fetch(`${t.url}/auth/magic-link`, { method: 'POST', body });
    const { token: session } = browserOf(t.url, answer);
    expect(session).toMatch(/^\w{32}$/);
    expect(await readable(answer)).not.toContain(session);
  });

  test('routes of the identity library that show tokens or lists of sessions are not there', async () => {
    const browser = await signInBrowser(t.url, (await newPerson()).email);
    for (const [method, route] of [
      ['GET', 'list-sessions'],
      ['POST', 'get-access-token'],
      ['POST', 'refresh-token'],
      ['GET', 'account-info'],
      ['POST', 'update-session'],
      ['POST', 'delete-user'],
      ['GET', 'magic-link/verify?token=x'],
      ['GET', 'reset-password/x?callbackURL=/'],
    ] as const) {
      const body = method === 'GET' ? {} : { body: {} };
      const answer = await browser.send(`/api/auth/${route}`, { method, ...body });
      expect([route, answer.status, await answer.json()]).toMatchObject([
        route,
        404,
        { error: { code: 'NOT_FOUND' } },
      ]);
    }
  });
});

describe('a copy of the database', () => {
  test('contains no token of a session, and what it contains signs in nowhere', async () => {
    const person = await newPerson();
    const browser = await signInBrowser(t.url, person.email);
    const rows = await t.database.query<{ token: string }>('SELECT * FROM session');
    for (const token of [person.token, browser.token]) {
      expect(JSON.stringify(rows)).not.toContain(token);
      expect(rows.map((row) => row.token)).toContain(
        createHash('sha256').update(token).digest('hex'),
      );
    }
    for (const { token } of rows) {
      const asked = await personOf(t.url, person.email, token).gql(VIEWER);
      expect(codeOf(asked)).toBe('UNAUTHENTICATED');
      const session = await fetch(`${t.url}/api/auth/get-session`, { headers: bearer(token) });
      expect(await session.text()).toBe('null');
    }
  });

  test('contains no link that works', async () => {
    const { email } = await newPerson();
    for (const field of ['requestMagicLink', 'requestPasswordReset']) {
      const request = `mutation ($email: String!) { ${field}(input: { email: $email }) { userErrors { code message path details } } }`;
      const { token } = await mailAfter(outbox.path, email, () => t.gql(request, { email }));
      expect(token).toMatch(/^[\w-]{20,}$/);
      const rows = await t.database.query<{ identifier: string }>('SELECT * FROM verification');
      expect(rows.length).toBeGreaterThan(0);
      expect(JSON.stringify(rows)).not.toContain(token);
      for (const { identifier } of rows) {
        for (const guess of [identifier, identifier.split(':').at(-1) ?? '']) {
          const used = await t.gql(
            'mutation ($token: String!) { signInWithMagicLink(input: { token: $token }) { token userErrors { code message path details } } }',
            { token: guess },
          );
          const reset = await t.gql(
            'mutation ($token: String!) { resetPassword(input: { token: $token, password: "a new long password" }) { userErrors { code message path details } } }',
            { token: guess },
          );
          expect([codeOf(used), codeOf(reset)]).toEqual(['BAD_USER_INPUT', 'BAD_USER_INPUT']);
        }
      }
    }
  });

  test('sessions from before tokens were hashed go on', async () => {
    const person = await newPerson();
    const [{ user_id: userId } = { user_id: '' }] = await t.database.query<{ user_id: string }>(
      'SELECT user_id FROM session WHERE token = $1',
      [createHash('sha256').update(person.token).digest('hex')],
    );
    const token = 'AbCdEfGhIjKlMnOpQrStUvWxYz012345';
    await t.database.query('DELETE FROM session');
    await t.database.query(
      `INSERT INTO session (id, token, user_id, expires_at) VALUES ($1, $2, $3, now() + interval '1 day')`,
      [newId('idn'), token, userId],
    );
    const before = personOf(t.url, person.email, token);
    expect(codeOf(await before.gql(VIEWER))).toBe('UNAUTHENTICATED');
    const file = 'prisma/migrations/20261130100000_hashed_session_tokens/migration.sql';
    await t.database.query(readFileSync(path.resolve(file), 'utf8'));
    expect((await before.gql(VIEWER)).body.data.viewer.user.email).toBe(person.email);
  });
});

describe('a link', () => {
  test.each(['requestMagicLink', 'requestPasswordReset'])(
    'of %s dies with the next one of its kind',
    async (field) => {
      const { email } = await newPerson();
      const request = async (name: string) => {
        const query = `mutation ($email: String!) { ${name}(input: { email: $email }) { userErrors { code message path details } } }`;
        return (await mailAfter(outbox.path, email, () => t.gql(query, { email }))).token;
      };
      const use = async (token: string) =>
        codeOf(
          await t.gql(
            field === 'requestMagicLink'
              ? 'mutation ($token: String!) { signInWithMagicLink(input: { token: $token }) { token userErrors { code message path details } } }'
              : 'mutation ($token: String!) { resetPassword(input: { token: $token, password: "a new long password" }) { userErrors { code message path details } } }',
            { token },
          ),
        );
      const first = await request(field);
      const second = await request(field);
      // One of another kind takes nothing away.
      await request(field === 'requestMagicLink' ? 'requestPasswordReset' : 'requestMagicLink');
      expect(await use(first)).toBe('BAD_USER_INPUT');
      expect(await use(second)).toBeUndefined();
      expect(await use(second)).toBe('BAD_USER_INPUT');
    },
  );
});

describe('a session', () => {
  const hashOf = ({ token }: Person) => createHash('sha256').update(token).digest('hex');
  const endOf = async (person: Person) => {
    const [row] = await t.database.query<{ expires_at: Date }>(
      'SELECT expires_at FROM session WHERE token = $1',
      [hashOf(person)],
    );
    return row?.expires_at.getTime();
  };

  test('ends at a fixed time, however often it is used', async () => {
    const person = await newPerson();
    const browser = await signInBrowser(t.url, person.email);
    await t.database.query(
      `UPDATE session SET created_at = now() - interval '6 days 23 hours', updated_at = now() - interval '6 days 23 hours',
         expires_at = now() + interval '1 hour'`,
    );
    const end = await endOf(person);
    expect((await person.gql(VIEWER)).body.data.viewer.user.email).toBe(person.email);
    expect((await browser.send('/api/auth/get-session')).status).toBe(200);
    expect(await endOf(person)).toBe(end);
    await t.database.query(`UPDATE session SET expires_at = now() - interval '1 second'`);
    expect(codeOf(await person.gql(VIEWER))).toBe('UNAUTHENTICATED');
    expect(await (await browser.send('/api/auth/get-session')).text()).toBe('null');
  });

  test('is listed, and ended by its owner from another one', async () => {
    const person = await newPerson();
    const other = await signIn(t.url, person.email);
    const stranger = await newPerson();
    const SESSIONS = '{ sessions { id isCurrent ipAddress createdAt expiresAt } }';
    const { sessions } = (await person.gql(SESSIONS)).body.data;
    expect(sessions).toMatchObject([
      { isCurrent: false, ipAddress: '127.0.0.1' },
      { isCurrent: true, ipAddress: '127.0.0.1' },
    ]);
    const END =
      'mutation ($id: ID!) { revokeSession(input: { id: $id }) { endedSessionId userErrors { code message path details } } }';
    const { id } = sessions[0];
    expect(codeOf(await stranger.gql(END, { id }))).toBe('NOT_FOUND');
    expect(errorOf(await other.gql(VIEWER))).toBeUndefined();
    expect((await person.gql(END, { id })).body.data.revokeSession.userErrors).toEqual([]);
    expect(codeOf(await other.gql(VIEWER))).toBe('UNAUTHENTICATED');
    expect(codeOf(await person.gql(END, { id }))).toBe('NOT_FOUND');

    const third = await signIn(t.url, person.email);
    await person.gql(
      'mutation { revokeOtherSessions { userErrors { code message path details } } }',
    );
    expect(codeOf(await third.gql(VIEWER))).toBe('UNAUTHENTICATED');
    expect(errorOf(await person.gql(VIEWER))).toBeUndefined();
    expect(errorOf(await stranger.gql(VIEWER))).toBeUndefined();
  });
});
