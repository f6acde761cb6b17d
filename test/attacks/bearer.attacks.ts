import { PASSWORD, type Person } from '../support/people.js';
import { bearer } from '../support/platform.js';
import { setUpSecondFactor } from '../support/second-factor.js';
import {
  type Answer,
  answered,
  type Attack,
  codeOf,
  gql,
  refused,
  send,
  type World,
} from './attack.js';
import { newIp, somebody } from './somebody.js';

/** Asks the identity library's routes as a program does: with a session as bearer token, and without cookies. */
const ask = (world: World, { token }: Person, path: string, body?: object): Promise<Answer> =>
  send(world, `/api/auth/${path}`, { headers: bearer(token), body, ip: newIp() });

const CONFIRM =
  'mutation ($code: String!) { confirmIdentity(input: { code: $code }) { userErrors { code message path details } } }';
const NEW_PASSWORD = 'some other long phrase';

/** The session was opened, and confirmed, long ago. */
async function age({ t }: World, { email }: Person): Promise<void> {
  await t.database.query(
    `UPDATE session SET confirmed_at = now() - interval '11 minutes', second_factor_at = NULL
      WHERE user_id = (SELECT id FROM app_user WHERE email = $1)`,
    [email],
  );
}

/** What whoever has stolen a session tries where the same is refused to a browser. */
export const bearerAttacks: readonly Attack[] = [
  {
    id: 'bearer-step-up',
    requirement: 'V7.5.1, V6.4.4',
    attempt: 'change how somebody signs in with an old session as bearer token',
    run: async (world) => {
      const person = await somebody(world);
      await age(world, person);
      for (const [path, body] of [
        ['two-factor/enable', { password: PASSWORD }],
        ['two-factor/disable', { password: PASSWORD }],
        ['two-factor/generate-backup-codes', { password: PASSWORD }],
        ['link-social', { provider: 'github' }],
        ['unlink-account', { providerId: 'credential', accountId: 'x' }],
        ['passkey/generate-register-options'],
        ['passkey/verify-registration', { response: {} }],
        ['passkey/delete-passkey', { id: 'x' }],
      ] as const) {
        const answer = await ask(world, person, path, body);
        expect([path, answer.status, answer.body?.stepUp]).toEqual([path, 403, 'PASSWORD']);
      }
      return 'asked for the password at each';
    },
  },
  {
    id: 'bearer-step-up-beside-cookie',
    requirement: 'V7.5.1, V7.2.1',
    attempt: 'the same with a fresh session of the attacker’s own as cookie beside it',
    run: async (world) => {
      const [victim, attacker] = [await somebody(world), await somebody(world)];
      await age(world, victim);
      const { browser } = await setUpSecondFactor(world.t.url, attacker.email);
      const answer = await send(world, '/api/auth/two-factor/enable', {
        headers: { ...bearer(victim.token), cookie: browser.cookie, origin: world.t.url },
        body: { password: PASSWORD },
      });
      return answered(answer, 403);
    },
  },
  {
    id: 'bearer-guess-codes',
    requirement: 'V6.3.1, V6.5.1, API2:2023',
    attempt: 'guess the codes of a second factor in a session, by each door',
    run: async (world) => {
      const person = await somebody(world);
      await setUpSecondFactor(world.t.url, person.email);
      let looked = 0;
      for (let guess = 0; guess < 15; guess++) {
        const code = String(guess).padStart(6, '0');
        const confirmed = await gql(world, CONFIRM, { code }, bearer(person.token), newIp());
        const verified = await ask(world, person, 'two-factor/verify-totp', { code });
        if (refused(confirmed, 'FORBIDDEN', 'RATE_LIMITED').endsWith('FORBIDDEN')) looked += 1;
        if (verified.status !== 429) looked += 1;
      }
      expect(looked).toBeLessThanOrEqual(12);
      return 'RATE_LIMITED';
    },
  },
  {
    id: 'bearer-used-code',
    requirement: 'V6.5.1',
    attempt: 'a code that its person has used, seen over a shoulder, in a stolen session',
    run: async (world) => {
      const person = await somebody(world);
      const { app, browser } = await setUpSecondFactor(world.t.url, person.email);
      const code = app.code();
      const own = { method: 'POST', body: { code } };
      expect((await browser.send('/api/auth/two-factor/verify-totp', own)).status).toBe(200);
      answered(await ask(world, person, 'two-factor/verify-totp', { code }), 401);
      refused(await gql(world, CONFIRM, { code }, bearer(person.token)), 'FORBIDDEN');
      return 'FORBIDDEN';
    },
  },
  {
    id: 'bearer-password-alone',
    requirement: 'V6.2.3, V6.3.3, V7.5.1',
    attempt:
      'change the password of somebody with a second factor, knowing the old one, without a code',
    run: async (world) => {
      const person = await somebody(world);
      const { app } = await setUpSecondFactor(world.t.url, person.email);
      const body = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
      const answer = await ask(world, person, 'change-password', body);
      const confirmed = await gql(world, CONFIRM, { code: app.code() }, bearer(person.token));
      expect(codeOf(confirmed)).toBeUndefined();
      expect((await ask(world, person, 'change-password', body)).status).toBe(200);
      return answered(answer, 403);
    },
  },
  {
    id: 'bearer-weak-password',
    requirement: 'V6.2.4, V6.2.11',
    attempt: 'change a password to a common one',
    run: async (world) => {
      const body = { currentPassword: PASSWORD, newPassword: 'password123' };
      return answered(await ask(world, await somebody(world), 'change-password', body), 400);
    },
  },
  {
    id: 'bearer-guess-password',
    requirement: 'V6.3.1, V7.5.1, API2:2023',
    attempt: 'guess a password where it is changed, from many networks',
    run: async (world) => {
      const person = await somebody(world);
      const change = (currentPassword: string) =>
        ask(world, person, 'change-password', { currentPassword, newPassword: NEW_PASSWORD });
      const statuses = new Set<number>();
      for (let guess = 0; guess < 20; guess++) {
        statuses.add((await change(`guess ${String(guess)}`)).status);
      }
      expect([...statuses]).toEqual([400, 429]);
      return answered(await change(PASSWORD), 429);
    },
  },
];
