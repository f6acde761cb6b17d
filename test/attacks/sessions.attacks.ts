import { PASSWORD } from '../support/people.js';
import { bearer } from '../support/platform.js';
import { answered, type Attack, codeOf, gql, refused, send } from './attack.js';
import { newIp, somebody, tokenSent, RESET, cookieOf, signInByCookie, VIEWER } from './somebody.js';

/** Sessions, their cookies, and pages of other origins. */
export const sessionAttacks: readonly Attack[] = [
  {
    id: 'session-reset-keeps-sessions',
    requirement: 'V7.4.3',
    attempt: 'a stolen session works on after the password is reset',
    run: async (world) => {
      const person = await somebody(world);
      const token = await tokenSent(world, person.email, RESET);
      const reset = await gql(
        world,
        'mutation ($t: String!) { resetPassword(input: { token: $t, password: "another long password" }) { userErrors { code message path details } } }',
        { t: token },
      );
      expect(codeOf(reset)).toBeUndefined();
      return refused(await gql(world, VIEWER, {}, bearer(person.token)), 'UNAUTHENTICATED');
    },
  },
  {
    id: 'session-cookie-flags',
    requirement: 'V3.3.2, V3.3.4',
    attempt: 'read the session cookie by script, or have it sent by another site',
    run: async (world) => {
      const { email } = await somebody(world);
      const { headers } = await signInByCookie(world, email);
      const session = headers.getSetCookie().filter((one) => one.includes('session_token'));
      expect(session.length).toBeGreaterThan(0);
      for (const cookie of session) expect(cookie).toMatch(/HttpOnly/i);
      for (const cookie of session) expect(cookie).toMatch(/SameSite=(Lax|Strict)/i);
      return 'HttpOnly, SameSite';
    },
  },
  {
    id: 'session-fixation',
    requirement: 'V7.2.4',
    attempt: 'a session token that was there before the sign-in is used after it',
    run: async (world) => {
      const { email } = await somebody(world);
      const first = cookieOf((await signInByCookie(world, email)).headers);
      const again = await send(world, '/api/auth/sign-in/email', {
        headers: { cookie: first, origin: world.t.url },
        body: { email, password: PASSWORD },
      });
      expect(cookieOf(again.headers)).not.toBe(first);
      return 'a new token';
    },
  },
  {
    id: 'session-sign-out',
    requirement: 'V7.4.1',
    attempt: 'a session after signOut, as bearer token',
    run: async (world) => {
      const person = await somebody(world);
      await person.gql('mutation { signOut { userErrors { code message path details } } }');
      return refused(await gql(world, VIEWER, {}, bearer(person.token)), 'UNAUTHENTICATED');
    },
  },
  {
    id: 'session-forged-cookie',
    requirement: 'V7.2.1',
    attempt: 'a session cookie with another signature',
    run: async (world) => {
      const { email } = await somebody(world);
      const cookie = cookieOf((await signInByCookie(world, email)).headers);
      const forged = cookie.replace(
        /(session_token=[^.;]+)\.[^;]+/,
        '$1.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D',
      );
      expect(forged).not.toBe(cookie);
      return refused(
        await gql(world, VIEWER, {}, { cookie: forged, 'x-gigarouter-csrf': '1' }),
        'UNAUTHENTICATED',
        'FORBIDDEN',
      );
    },
  },
  {
    id: 'session-cross-site-cookie',
    requirement: 'V3.5.1',
    attempt: 'a page of another origin sends a mutation with the cookie',
    run: async (world) => {
      const { email } = await somebody(world);
      const cookie = cookieOf((await signInByCookie(world, email)).headers);
      return refused(
        await gql(
          world,
          'mutation { signOut { userErrors { code message path details } } }',
          {},
          { cookie, origin: 'https://evil.example' },
        ),
        'FORBIDDEN',
        'UNAUTHENTICATED',
      );
    },
  },
  {
    id: 'session-open-redirect',
    requirement: 'V3.7.2, V10.4.1',
    attempt: 'a callback address of the attacker’s at sign-in',
    run: async (world) => {
      const { email } = await somebody(world);
      const answer = await send(world, '/api/auth/sign-in/email', {
        ip: newIp(),
        body: { email, password: PASSWORD, callbackURL: 'https://evil.example/' },
      });
      expect(answer.headers.get('location') ?? '').not.toContain('evil.example');
      expect(answer.status === 200 && answer.body?.url === 'https://evil.example/').toBe(false);
      return answered(answer, 400, 403);
    },
  },
];
