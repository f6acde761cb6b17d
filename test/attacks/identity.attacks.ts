import { readdirSync, readFileSync } from 'node:fs';
import { errorOf } from '../support/app.js';
import { mailsTo, PASSWORD, SIGN_IN, SIGN_UP, VERIFY } from '../support/people.js';
import { bearer } from '../support/platform.js';
import { until } from '../support/process.js';
import { type Attack, gql, refused, send } from './attack.js';
import { newAddress, newIp, somebody, tokenSent, MAGIC_LINK, RESET } from './somebody.js';

/** Sign-up, sign-in, passwords, and links in mails. */
export const identityAttacks: readonly Attack[] = [
  {
    id: 'identity-enumerate-sign-in',
    requirement: 'V6.3.1, API2:2023',
    attempt: 'tell who has an account by the answer to a wrong password',
    run: async (world) => {
      const known = await gql(world, SIGN_IN, {
        email: world.victim.person.email,
        password: 'wrong wrong wrong',
      });
      const unknown = await gql(world, SIGN_IN, {
        email: newAddress(),
        password: 'wrong wrong wrong',
      });
      expect(errorOf(known)?.message).toBe(errorOf(unknown)?.message);
      return refused(known, 'UNAUTHENTICATED', 'FORBIDDEN', 'BAD_USER_INPUT');
    },
  },
  {
    id: 'identity-enumerate-sign-up',
    requirement: 'V6.3.1, API2:2023',
    attempt: 'tell who has an account by the answer to a sign-up',
    run: async (world) => {
      const known = await gql(world, SIGN_UP, { email: world.victim.person.email }, {}, newIp());
      const unknown = await gql(world, SIGN_UP, { email: newAddress() }, {}, newIp());
      expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
      return 'the same answer';
    },
  },
  {
    id: 'identity-enumerate-reset',
    requirement: 'V6.3.1, API2:2023',
    attempt: 'tell who has an account by the answer to a reset or a magic link',
    run: async (world) => {
      for (const query of [RESET, MAGIC_LINK]) {
        const ask = (email: string) => gql(world, query, { email }, {}, newIp());
        const known = await ask((await somebody(world)).email);
        const unknown = await ask(newAddress());
        expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
      }
      return 'the same answer';
    },
  },
  {
    id: 'identity-unconfirmed-sign-in',
    requirement: 'V2.3.1',
    attempt: 'sign in before the address is confirmed',
    run: async (world) => {
      const email = newAddress();
      await gql(world, SIGN_UP, { email }, {}, newIp());
      return refused(
        await gql(world, SIGN_IN, { email, password: PASSWORD }),
        'FORBIDDEN',
        'UNAUTHENTICATED',
      );
    },
  },
  {
    id: 'identity-weak-password',
    requirement: 'V6.2.1, V6.2.4',
    attempt: 'choose a short password',
    run: async (world) => {
      const token = await tokenSent(world, newAddress(), SIGN_UP);
      return refused(await gql(world, VERIFY, { token, password: 'secret1' }), 'BAD_USER_INPUT');
    },
  },
  {
    id: 'identity-long-password',
    requirement: 'V6.2.9, V15.2.2',
    attempt: 'choose a password of 1 MB, to keep the hash function busy',
    run: async (world) => {
      const token = await tokenSent(world, newAddress(), SIGN_UP);
      return refused(
        await gql(world, VERIFY, { token, password: 'a'.repeat(1_000_000) }),
        'BAD_USER_INPUT',
        'PAYLOAD_TOO_LARGE',
        'QUERY_TOO_COMPLEX',
      );
    },
  },
  {
    id: 'identity-password-before-owner',
    requirement: 'V6.4.1, V2.3.1',
    attempt:
      'sign up with somebody else’s address, so that confirming it activates the attacker’s password',
    run: async (world) => {
      const email = newAddress();
      const first = await tokenSent(world, email, SIGN_UP);
      const second = await tokenSent(world, email, SIGN_UP);
      refused(await gql(world, VERIFY, { token: first, password: PASSWORD }), 'BAD_USER_INPUT');
      const own = 'what the owner has chosen';
      expect(errorOf(await gql(world, VERIFY, { token: second, password: own }))).toBeUndefined();
      return refused(await gql(world, SIGN_IN, { email, password: PASSWORD }), 'UNAUTHENTICATED');
    },
  },
  {
    id: 'identity-password-case',
    requirement: 'V6.2.8',
    attempt: 'sign in with the password in other case, or cut short',
    run: async (world) => {
      const { email } = await somebody(world);
      for (const password of [PASSWORD.toUpperCase(), PASSWORD.slice(0, -1), `${PASSWORD} `])
        refused(await gql(world, SIGN_IN, { email, password }, {}, newIp()), 'UNAUTHENTICATED');
      return '401 for each';
    },
  },
  {
    id: 'identity-guess-password',
    requirement: 'V6.3.1, API2:2023',
    attempt: 'fifty passwords for one person',
    run: async (world) => {
      const { email } = await somebody(world);
      const codes = new Set<string>();
      for (let n = 0; n < 50; n += 1) {
        const password = `guess number ${String(n)}`;
        codes.add(
          refused(
            await gql(world, SIGN_IN, { email, password }),
            'UNAUTHENTICATED',
            'RATE_LIMITED',
            'OVERLOADED',
          ),
        );
      }
      expect([...codes].join()).toContain('RATE_LIMITED');
      return [...codes].join(', then ');
    },
  },
  {
    id: 'identity-mass-assignment',
    requirement: 'V15.3.3, API3:2023',
    attempt: 'sign up as operator, confirmed, with an id of one’s own',
    run: async (world) => {
      const email = newAddress();
      const answer = await send(world, '/api/auth/sign-up/email', {
        body: {
          email,
          password: PASSWORD,
          name: 'X',
          isOperator: true,
          is_operator: true,
          role: 'admin',
          emailVerified: true,
          id: 'usr_mine',
        },
      });
      expect(answer.status).toBeLessThan(500);
      const rows = await world.t.database.query<{
        verified: boolean;
        operator: boolean;
        id: string;
      }>('SELECT id, email_verified AS verified, operator FROM app_user WHERE email = $1', [email]);
      for (const { verified, operator, id } of rows)
        expect([verified, operator, id === 'usr_mine']).toEqual([false, false, false]);
      return 'ignored';
    },
  },
  {
    id: 'identity-link-twice',
    requirement: 'V6.5.1',
    attempt: 'use a magic link twice',
    run: async (world) => {
      const { email } = await somebody(world);
      const token = await tokenSent(world, email, MAGIC_LINK);
      const use = () =>
        gql(
          world,
          'mutation ($token: String!) { signInWithMagicLink(input: { token: $token }) { token userErrors { code message path details } } }',
          { token },
        );
      expect(errorOf(await use())).toBeUndefined();
      return refused(await use(), 'UNAUTHENTICATED', 'NOT_FOUND', 'BAD_USER_INPUT', 'FORBIDDEN');
    },
  },
  {
    id: 'identity-link-preview',
    requirement: 'V7.6.2, V3.5.3',
    attempt: 'a mail program opens the link by itself',
    run: async (world) => {
      const { email } = await somebody(world);
      const token = await tokenSent(world, email, MAGIC_LINK);
      for (let n = 0; n < 3; n += 1) {
        const page = await send(world, `/auth/magic-link?token=${encodeURIComponent(token)}`);
        expect(page.headers.getSetCookie()).toEqual([]);
      }
      const used = await gql(
        world,
        'mutation ($token: String!) { signInWithMagicLink(input: { token: $token }) { token userErrors { code message path details } } }',
        { token },
      );
      expect(errorOf(used)).toBeUndefined();
      return 'nobody is signed in, and the link still works';
    },
  },
  {
    id: 'identity-reset-token-guess',
    requirement: 'V6.5.4, V6.6.3',
    attempt: 'set a new password with a token that nobody was sent',
    run: async (world) =>
      refused(
        await gql(
          world,
          'mutation ($t: String!) { resetPassword(input: { token: $t, password: "another long password" }) { userErrors { code message path details } } }',
          { t: 'a'.repeat(32) },
        ),
        'UNAUTHENTICATED',
        'NOT_FOUND',
        'BAD_USER_INPUT',
        'FORBIDDEN',
      ),
  },
  {
    id: 'identity-host-header',
    requirement: 'V4.1.3',
    attempt: 'a Host of the attacker’s, to get it into the link of a mail',
    run: async (world) => {
      const { email } = await somebody(world);
      const before = readdirSync(world.outboxDir).length;
      await send(world, '/graphql', {
        headers: { 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
        body: { query: RESET, variables: { email } },
        ip: newIp(),
      });
      await until('the mail', () => readdirSync(world.outboxDir).length > before || undefined);
      const mails = readdirSync(world.outboxDir).map((name) =>
        readFileSync(`${world.outboxDir}/${name}`, 'utf8'),
      );
      expect(mails.join()).not.toContain('evil.example');
      return 'ignored';
    },
  },
  {
    id: 'identity-mail-injection',
    requirement: 'V1.3.11',
    attempt: 'CR and LF in an address, to send mails to others',
    run: async (world) =>
      refused(
        await gql(
          world,
          'mutation ($e: String!) { requestMagicLink(input: { email: $e }) { userErrors { code message path details } } }',
          { e: 'a@example.org\r\nBcc: b@example.org' },
        ),
        'BAD_USER_INPUT',
      ),
  },
  {
    id: 'identity-invitation-of-another',
    requirement: 'V8.2.2, API1:2023',
    attempt: 'accept an invitation that was sent to somebody else',
    run: async (world) => {
      const invited = newAddress();
      await world.victim.person.gql(
        `mutation { inviteMember(input: { email: "${invited}", role: DEVELOPER }) { invitation { id } userErrors { code message path details } } }`,
      );
      const token = await until('the mail', () => mailsTo(world.outboxDir, invited).at(-1)?.token);
      return refused(
        await gql(
          world,
          'mutation ($t: String!) { acceptInvitation(input: { token: $t }) { account { id } userErrors { code message path details } } }',
          { t: token },
          bearer((await somebody(world)).token),
        ),
        'FORBIDDEN',
        'NOT_FOUND',
        'BAD_USER_INPUT',
      );
    },
  },
  {
    id: 'identity-waitlist-flood',
    requirement: 'V2.4.1, API4:2023',
    attempt: 'mail to many strangers by the waitlist, from addresses of one IPv6 network',
    run: async (world) => {
      const join = (n: number) => {
        const query =
          'mutation ($email: String!) { joinWaitlist(input: { email: $email, slug: "google/siglip-x" }) { userErrors { code message path details } } }';
        return gql(world, query, { email: newAddress() }, {}, `2001:db8::${n.toString(16)}`);
      };
      for (let n = 1; n <= 20; n++) expect(errorOf(await join(n))).toBeUndefined();
      return refused(await join(21), 'RATE_LIMITED');
    },
  },
];
