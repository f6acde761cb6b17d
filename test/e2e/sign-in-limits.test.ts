import { createHash } from 'node:crypto';
import { errorOf, postGraphQL, startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import {
  mailAfter,
  mailsTo,
  PASSWORD,
  personOn,
  SIGN_IN,
  SIGN_UP,
  signUp,
} from '../support/people.js';

/*
 * Attacks: guessing one person's password from many networks; keeping a person out by guessing; filling a mailbox, or
 * many, with links and invitations.
 */

const outbox = temporaryFolder();
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp({
    config: {
      // So that a test says where a request comes from.
      trustProxy: '127.0.0.1',
      mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
    },
  });
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

interface Outcome {
  readonly code: string | undefined;
  readonly message: string;
  readonly retryAfterS: number;
}

let networks = 0;
/** An IPv4 address that no other request came from. */
const newNetwork = () => {
  networks += 1;
  return `10.${String(networks >> 8)}.${String(networks & 255)}.1`;
};
let people = 0;
const newEmail = () => `limited${String((people += 1))}@example.org`;
const newPerson = () => signUp({ url: t.url, outboxDir: outbox.path }, newEmail());

async function ask(
  from: string,
  query: string,
  variables: Record<string, unknown>,
): Promise<Outcome> {
  const headers = { 'x-forwarded-for': from };
  const error = errorOf(await postGraphQL(t.url, { query, variables }, headers));
  return {
    message: error?.message ?? '',
    code: error?.code,
    retryAfterS: Number(error?.retryAfterS ?? 0),
  };
}
const personOf = (email: string) => createHash('sha256').update(email).digest('hex');
/** Seconds between the last attempt and the next that is allowed. */
async function delayOf(email: string): Promise<number> {
  const [row] = await t.database.query<{ seconds: number }>(
    `SELECT extract(epoch FROM next_at - last_at)::float AS seconds FROM sign_in_attempt WHERE person = $1`,
    [personOf(email)],
  );
  return row?.seconds ?? 0;
}
const guess = (email: string, from = newNetwork(), password = 'not the password') =>
  ask(from, SIGN_IN, { email, password });
const MAGIC =
  'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }';
const RESET =
  'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }';

describe('guesses at one person from many networks', () => {
  test.each(['known', 'unknown'])('are delayed together; the person is %s', async (kind) => {
    const email = kind === 'known' ? (await newPerson()).email : newEmail();
    for (let n = 0; n < 10; n += 1) {
      expect((await guess(email)).code).toBe('UNAUTHENTICATED');
      expect((await delayOf(email)) > 0).toBe(n === 9);
    }
    await t.database.query(
      `UPDATE sign_in_attempt SET attempts = 10, next_at = now() + interval '1 hour'`,
    );
    const refused = await guess(email);
    expect(refused.code).toBe('RATE_LIMITED');
    expect(refused.message).toContain('link in a mail');
    expect(refused.retryAfterS).toBeGreaterThan(3_000);
  });

  test('are delayed ever longer, up to 15 minutes, and anew after a day', async () => {
    const email = newEmail();
    await guess(email);
    const delayAfter = async (attempts: number, daysAgo = 0) => {
      await t.database.query(
        `UPDATE sign_in_attempt SET attempts = $2, next_at = now(), last_at = now() - make_interval(days => $3)
          WHERE person = $1`,
        [personOf(email), attempts - 1, daysAgo],
      );
      expect((await guess(email)).code).toBe('UNAUTHENTICATED');
      return delayOf(email);
    };
    expect(await delayAfter(9)).toBe(0);
    expect(await delayAfter(10)).toBe(1);
    expect(await delayAfter(11)).toBe(2);
    expect(await delayAfter(15)).toBe(32);
    expect(await delayAfter(20)).toBe(900);
    expect(await delayAfter(1_000_000)).toBe(900);
    expect(await delayAfter(1_000_000, 2)).toBe(0);
  });

  test('that have no delay yet may all be made at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const email = newEmail();
      const outcomes = await Promise.all(Array.from({ length: 9 }, () => guess(email)));
      expect(outcomes.map(({ code }) => code)).toEqual(Array(9).fill('UNAUTHENTICATED'));
    }
  });

  test('at once do not all come before the first one counts', async () => {
    const { email } = await newPerson();
    await guess(email);
    await t.database.query('UPDATE sign_in_attempt SET attempts = 30, next_at = now()');
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => guess(email)));
    expect(outcomes.filter(({ code }) => code === 'UNAUTHENTICATED')).toHaveLength(1);
    expect(outcomes.filter(({ code }) => code === 'RATE_LIMITED')).toHaveLength(19);
  });

  test('keep the person out neither where they have signed in before, nor by a link', async () => {
    const { email } = await newPerson();
    const home = newNetwork();
    expect((await guess(email, home, PASSWORD)).code).toBeUndefined();
    await guess(email);
    await t.database.query(
      `UPDATE sign_in_attempt SET attempts = 10, next_at = now() + interval '1 hour'`,
    );
    expect((await guess(email)).code).toBe('RATE_LIMITED');
    // The right password from elsewhere has to wait as well: an attacker would learn it.
    expect((await guess(email, newNetwork(), PASSWORD)).code).toBe('RATE_LIMITED');
    expect((await guess(email, home, PASSWORD)).code).toBeUndefined();
    const { token } = await mailAfter(outbox.path, email, () =>
      ask(newNetwork(), MAGIC, { email }),
    );
    const USE =
      'mutation ($token: String!) { signInWithMagicLink(input: { token: $token }) { token userErrors { code message path details } } }';
    const away = newNetwork();
    expect((await ask(away, USE, { token })).code).toBeUndefined();
    expect((await guess(email, away, PASSWORD)).code).toBeUndefined();
  });

  test('a person who signs in from many networks is not delayed', async () => {
    const { email } = await newPerson();
    for (let n = 0; n < 11; n += 1) {
      expect((await guess(email, newNetwork(), PASSWORD)).code).toBeUndefined();
    }
  });

  test('counts are deleted once they would begin anew', async () => {
    await t.database.query(`UPDATE sign_in_attempt SET last_at = now() - interval '2 days'`);
    await t.app.services.signInLimits.prune();
    expect(await t.database.query('SELECT * FROM sign_in_attempt')).toEqual([]);
  });
});

describe('guesses from one network', () => {
  test('count together at one person, also where they are known, at both doors', async () => {
    const { email } = await newPerson();
    const home = newNetwork();
    expect((await guess(email, home, PASSWORD)).code).toBeUndefined();
    const browser = (password: string) =>
      fetch(`${t.url}/api/auth/sign-in/email`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: t.url, 'x-forwarded-for': home },
        body: JSON.stringify({ email: email.toUpperCase(), password }),
      });
    for (let n = 0; n < 5; n += 1) {
      expect((await guess(email, home)).code).toBe('UNAUTHENTICATED');
      expect((await browser('not the password')).status).toBe(401);
    }
    expect((await guess(email, home)).code).toBe('RATE_LIMITED');
    const refused = await browser(PASSWORD);
    expect([refused.status, await refused.json()]).toMatchObject([
      429,
      { error: { code: 'RATE_LIMITED', message: expect.stringContaining('your network') } },
    ]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  });

  test('count together at many people, for all hosts of an IPv6 /64', async () => {
    const hosts = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:2:0:0:0:3'];
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 51; n += 1) codes.push((await guess(newEmail(), hosts[n % 3])).code);
    expect(codes).toEqual([...Array<string>(50).fill('UNAUTHENTICATED'), 'RATE_LIMITED']);
  });
});

describe('mails that somebody asks for', () => {
  test('to one mailbox are limited, from wherever, however it is spelt, for any kind', async () => {
    const codes: Outcome[] = [];
    for (let n = 0; n < 11; n += 1) {
      const query = [SIGN_UP, MAGIC, RESET][n % 3] ?? MAGIC;
      codes.push(await ask(newNetwork(), query, { email: `target+${String(n)}@example.org` }));
    }
    expect(codes.slice(0, 10).map(({ code }) => code)).toEqual(Array(10).fill(undefined));
    expect(codes[10]).toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringContaining('to this address'),
    });
    expect(codes[10]?.retryAfterS).toBeGreaterThan(0);
    expect((await ask(newNetwork(), MAGIC, { email: newEmail() })).code).toBeUndefined();
  });

  test('from one network are limited, however its address is written', async () => {
    const from = ['203.0.113.9', '::ffff:203.0.113.9', '::FFFF:cb00:7109'];
    const all: Outcome[] = [];
    for (let n = 0; n < 101; n += 1) {
      all.push(await ask(from[n % 3] ?? '', MAGIC, { email: newEmail() }));
    }
    expect(all.slice(0, 100).filter(({ code }) => code !== undefined)).toEqual([]);
    expect(all[100]).toMatchObject({
      code: 'RATE_LIMITED',
      message: expect.stringContaining('from your network'),
    });
  });
});

describe('invitations', () => {
  const INVITE = `mutation ($email: String!) { inviteMember(input: { email: $email, role: VIEWER }) { invitation { id } userErrors { code message path details } } }`;
  async function newOrganization() {
    const person = await newPerson();
    const { body } = await person.gql(
      'mutation { createOrganization(input: { name: "O" }) { account { id } userErrors { code message path details } } }',
    );
    const id = body.data.createOrganization.account.id as string;
    const owner = personOn(t.url, person, id);
    return async (email: string) => errorOf(await owner.gql(INVITE, { email }));
  }

  test('to one mailbox are limited, from all accounts together', async () => {
    const all = [await newOrganization(), await newOrganization()];
    for (let n = 0; n < 10; n += 1) {
      expect(await all[n % 2]?.(`invited+${String(n)}@example.org`)).toBeUndefined();
    }
    expect(await all[0]?.('invited@example.org')).toMatchObject({ code: 'RATE_LIMITED' });
    expect(mailsTo(outbox.path, 'invited@example.org')).toEqual([]);
  });

  test('from one account are limited', async () => {
    const invite = await newOrganization();
    for (let n = 0; n < 100; n += 1) expect(await invite(newEmail())).toBeUndefined();
    const refused = await invite(newEmail());
    expect(refused?.code).toBe('RATE_LIMITED');
    expect(refused?.retryAfterS).toBeGreaterThan(0);
  });
});
