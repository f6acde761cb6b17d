import { PASSWORD, type Person, SIGN_IN, signInBrowser } from '../support/people.js';
import { bearer } from '../support/platform.js';
import { setUpSecondFactor } from '../support/second-factor.js';
import { type Attack, codeOf, gql, refused, send, type World } from './attack.js';
import { newIp, somebody } from './somebody.js';

const SIGN_IN_CODE = `mutation ($email: String!, $password: String!, $code: String) {
  signIn(input: { email: $email, password: $password, code: $code }) {
    token
    userErrors { code message path details }
  }
}`;
const CONFIRM =
  'mutation ($code: String) { confirmIdentity(input: { code: $code }) { userErrors { code message path details } } }';

/** Somebody with a second factor, in a session from before. */
async function guarded(world: World) {
  const person = await somebody(world);
  return { person, ...(await setUpSecondFactor(world.t.url, person.email)) };
}

/** A sign-in from somewhere else each time. */
const signIn = (world: World, { email }: Person, code: string) =>
  gql(world, SIGN_IN_CODE, { email, password: PASSWORD, code }, {}, newIp());

const guessOf = (n: number) => String(n).padStart(6, '0');

/** @returns how many of some attempts at once succeeded */
async function atOnce(times: number, attempt: () => ReturnType<typeof gql>): Promise<number> {
  const answers = await Promise.all(Array.from({ length: times }, attempt));
  return answers.filter((answer) => codeOf(answer) === undefined).length;
}

/** What whoever knows the password, or has the session, tries against a second factor. */
export const secondFactorAttacks: readonly Attack[] = [
  {
    id: 'factor-password-alone',
    requirement: 'V6.3.3',
    attempt: 'sign in with the password alone, by GraphQL and as a browser',
    run: async (world) => {
      const { person } = await guarded(world);
      const { cookie } = await signInBrowser(world.t.url, person.email);
      const found = await send(world, '/api/auth/get-session', { headers: { cookie } });
      expect(found.text).toBe('null');
      const credential = { email: person.email, password: PASSWORD };
      return refused(await gql(world, SIGN_IN, credential, {}, newIp()), 'UNAUTHENTICATED');
    },
  },
  {
    id: 'factor-aliases',
    requirement: 'V6.3.1, V6.5.1, API4:2023',
    attempt: 'guess 100 codes in one request, by aliases of one mutation',
    run: async (world) => {
      const { person } = await guarded(world);
      const fields = Array.from(
        { length: 100 },
        (_, n) =>
          `a${String(n)}: confirmIdentity(input: { code: "${guessOf(n)}" }) { userErrors { code message path details } }`,
      );
      const { body } = await person.gql(`mutation { ${fields.join(' ')} }`);
      const errors = body.errors as { extensions: { code: string } }[];
      const guesses = errors.filter(({ extensions }) => extensions.code === 'FORBIDDEN');
      expect(guesses.length).toBeLessThanOrEqual(10);
      return `${String(guesses.length)} are looked at`;
    },
  },
  {
    id: 'factor-many-sessions',
    requirement: 'V6.3.1, V6.5.1',
    attempt:
      'guess codes in several sessions, at sign-in, and as recovery codes, to be counted anew in each',
    run: async (world) => {
      const { person, browser } = await guarded(world);
      let refusals = 0;
      for (let n = 0; n < 5; n += 1) {
        refused(await signIn(world, person, guessOf(n)), 'UNAUTHENTICATED', 'RATE_LIMITED');
        const path = n % 2 === 0 ? 'verify-totp' : 'verify-backup-code';
        const body = { code: guessOf(50 + n) };
        await browser.send(`/api/auth/two-factor/${path}`, { method: 'POST', body });
        if (codeOf(await gql(world, CONFIRM, { code: guessOf(90 + n) }, bearer(person.token))))
          refusals += 1;
      }
      expect(refusals).toBe(5);
      return refused(await signIn(world, person, 'aaaaa-bbbbb'), 'RATE_LIMITED');
    },
  },
  {
    id: 'factor-code-race',
    requirement: 'V6.5.1, V15.4.2',
    attempt: 'one code of an authenticator app in eight sign-ins at once',
    run: async (world) => {
      const { person, app } = await guarded(world);
      const code = app.code();
      expect(await atOnce(8, () => signIn(world, person, code))).toBe(1);
      return 'one signs in';
    },
  },
  {
    id: 'factor-recovery-race',
    requirement: 'V6.5.1, V15.4.2',
    attempt: 'one recovery code in eight sign-ins at once',
    run: async (world) => {
      const { person, app } = await guarded(world);
      const code = app.recoveryCodes[0] ?? '';
      expect(await atOnce(8, () => signIn(world, person, code))).toBe(1);
      return 'one signs in';
    },
  },
  {
    id: 'factor-recovery-again',
    requirement: 'V6.5.1',
    attempt: 'a recovery code that was used to sign in, as a proof in a session',
    run: async (world) => {
      const { person, app } = await guarded(world);
      const code = app.recoveryCodes[1] ?? '';
      expect(codeOf(await signIn(world, person, code))).toBeUndefined();
      return refused(await gql(world, CONFIRM, { code }, bearer(person.token)), 'FORBIDDEN');
    },
  },
  {
    id: 'factor-of-another',
    requirement: 'V6.5.1, V8.2.2',
    attempt: 'a code of the attacker’s own authenticator, with the victim’s cookie beside',
    run: async (world) => {
      const [attacker, victim] = [await guarded(world), await guarded(world)];
      const { cookie } = victim.browser;
      await world.t.database.query(
        `UPDATE session SET second_factor_at = second_factor_at - interval '11 minutes'`,
      );
      const code = attacker.app.code();
      const headers = { ...bearer(attacker.person.token), cookie, origin: world.t.url };
      await gql(world, CONFIRM, { code }, headers);
      const make =
        'mutation { createApiKey(input: { name: "k", scopes: [ADMIN] }) { secret userErrors { code message path details } } }';
      return refused(await gql(world, make, {}, { cookie, origin: world.t.url }), 'FORBIDDEN');
    },
  },
  {
    id: 'factor-trusted-browser',
    requirement: 'V6.3.3, V6.3.4',
    attempt: 'a browser that was once trusted by the library’s cookie signs in without a code',
    run: async (world) => {
      const { person, app } = await guarded(world);
      const waiting = await signInBrowser(world.t.url, person.email);
      const headers = { origin: world.t.url, cookie: cookiesOf(waiting.answer) };
      const path = '/api/auth/two-factor/verify-totp';
      const body = { code: app.code(), trustDevice: true };
      const trusted = await send(world, path, { headers, body });
      expect(trusted.status).toBe(200);
      const kept = trusted.headers.getSetCookie().filter((one) => one.includes('trust_device'));
      const again = await send(world, '/api/auth/sign-in/email', {
        headers: {
          origin: world.t.url,
          cookie: kept.map((one) => one.split(';')[0]).join('; '),
        },
        body: { email: person.email, password: PASSWORD },
      });
      expect(again.body).toMatchObject({ twoFactorRedirect: true });
      return 'asked for a code';
    },
  },
  {
    id: 'factor-library-routes',
    requirement: 'V13.4.5, API9:2023',
    attempt:
      'routes of the library that show secrets, send codes, or check passwords without a count',
    run: async (world) => {
      const { browser } = await guarded(world);
      for (const path of [
        'two-factor/get-totp-uri',
        'two-factor/view-backup-codes',
        'two-factor/send-otp',
        'two-factor/verify-otp',
        'totp/generate',
        'verify-password',
        'set-password',
        'update-session',
        'list-sessions',
        'change-email',
        'delete-user',
        'request-password-reset',
        'sign-in/magic-link',
      ]) {
        const body = { password: PASSWORD };
        const answer = await browser.send(`/api/auth/${path}`, { method: 'POST', body });
        expect([path, answer.status]).toEqual([path, 404]);
      }
      return '404 for each';
    },
  },
  {
    id: 'factor-off-by-update',
    requirement: 'V15.3.3, API3:2023',
    attempt: 'switch the second factor off as a field of the person',
    run: async (world) => {
      const { person, browser } = await guarded(world);
      const body = { name: 'x', twoFactorEnabled: false, operator: true, secondFactorAt: null };
      await browser.send('/api/auth/update-user', { method: 'POST', body });
      const rows = await world.t.database.query(
        'SELECT two_factor_enabled AS "on", operator FROM app_user WHERE email = $1',
        [person.email],
      );
      expect(rows).toEqual([{ on: true, operator: false }]);
      return 'stays on';
    },
  },
];

function cookiesOf(answer: Response): string {
  return answer.headers
    .getSetCookie()
    .map((one) => one.split(';')[0] ?? '')
    .filter((one) => !one.endsWith('='))
    .join('; ');
}
