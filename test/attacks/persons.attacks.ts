import {
  mailAfter,
  ownAccountOf,
  PASSWORD,
  type Person,
  SIGN_IN,
  SIGN_UP,
  signInBrowser,
  VERIFY,
} from '../support/people.js';
import { bearer } from '../support/platform.js';
import { answered, type Attack, codeOf, gql, refused, send, type World } from './attack.js';
import { newAddress, newIp, somebody, tokenSent, VIEWER } from './somebody.js';

const ERASE =
  'mutation ($email: String!) { eraseMe(input: { email: $email, giveUpCredit: true }) { userErrors { code message path details } } }';
const erase = (world: World, { email, token }: Person, address = email) =>
  gql(world, ERASE, { email: address }, bearer(token));
const LOTS = '{ account { creditLots { nodes { source } } } }';

/** Signs up with an address. @returns the bearer token of a session */
async function join(world: World, email: string): Promise<string> {
  const token = await tokenSent(world, email, SIGN_UP);
  const done = await gql(world, VERIFY, { token, password: PASSWORD }, {}, newIp());
  if (codeOf(done) !== undefined) throw new Error(done.text);
  const { body } = await gql(world, SIGN_IN, { email, password: PASSWORD }, {}, newIp());
  return body.data.signIn.token as string;
}

const lotsOf = async (world: World, token: string) =>
  (await gql(world, LOTS, {}, bearer(token))).body.data.account.creditLots.nodes as object[];

/** Erasure, what is known of people, and what each of them gets once. */
export const personAttacks: readonly Attack[] = [
  {
    id: 'erase-another',
    requirement: 'V8.2.2, API1:2023',
    attempt: 'erase somebody else by their address, as a person and with the operators’ mutation',
    run: async (world) => {
      const person = await somebody(world);
      const { email } = world.victim.person;
      refused(await erase(world, person, email), 'BAD_USER_INPUT');
      const query = `mutation { erasePerson(input: { email: "${email}", giveUpCredit: true }) { userErrors { code message path details } } }`;
      refused(await gql(world, query, {}, bearer(person.token)), 'FORBIDDEN');
      expect((await world.victim.person.gql(VIEWER)).body.errors).toBeUndefined();
      return 'refused';
    },
  },
  {
    id: 'erase-sole-owner',
    requirement: 'V2.3.1',
    attempt: 'leave an organization and its credit without an owner, by erasing the only one',
    run: async (world) => {
      const person = await somebody(world);
      await person.gql(
        'mutation { createOrganization(input: { name: "Alone" }) { account { id } userErrors { code message path details } } }',
      );
      return refused(await erase(world, person), 'CONFLICT');
    },
  },
  {
    id: 'erase-last-operator',
    requirement: 'V2.3.1',
    attempt: 'erase the only operator of the platform',
    run: async (world) => refused(await erase(world, world.operator), 'CONFLICT'),
  },
  {
    id: 'erase-closed-account',
    requirement: 'V14.2.4',
    attempt: 'close the own account first, so that erasing has nothing to act on',
    run: async (world) => {
      const person = await somebody(world);
      const closed = await person.gql(
        `mutation { closeAccount(input: { accountId: "${await ownAccountOf(person)}", giveUpCredit: true }) { userErrors { code message path details } } }`,
      );
      expect(codeOf(closed)).toBeUndefined();
      const answer = await erase(world, person);
      expect([answer.status, answer.text]).toEqual([
        200,
        expect.stringContaining('"userErrors":[]'),
      ]);
      const left = await world.t.database.query('SELECT FROM app_user WHERE email = $1', [
        person.email,
      ]);
      expect(left).toEqual([]);
      return 'erased all the same';
    },
  },
  {
    id: 'erase-then-act',
    requirement: 'V7.4.2, V14.2.4',
    attempt: 'sessions, keys, links and a browser of somebody who was erased',
    run: async (world) => {
      const person = await somebody(world);
      const made = await person.gql(
        'mutation { createApiKey(input: { name: "k", scopes: [READ] }) { secret userErrors { code message path details } } }',
      );
      const { secret } = made.body.data.createApiKey as { secret: string };
      const browser = await signInBrowser(world.t.url, person.email);
      const link = await tokenSent(
        world,
        person.email,
        'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { userErrors { code message path details } } }',
      );
      expect(codeOf(await erase(world, person))).toBeUndefined();
      for (const credential of [person.token, secret])
        refused(await gql(world, VIEWER, {}, bearer(credential)), 'UNAUTHENTICATED');
      answered(await send(world, '/api/v1/credits', { headers: { cookie: browser.cookie } }), 401);
      const reset = `mutation { resetPassword(input: { token: "${link}", password: "another long password" }) { userErrors { code message path details } } }`;
      return refused(await gql(world, reset, {}, {}, newIp()), 'BAD_USER_INPUT');
    },
  },
  {
    id: 'erase-for-credit',
    requirement: 'V2.3.1, API6:2023, I9',
    attempt: 'free credit again: erased, and signed up again with another alias of the mailbox',
    run: async (world) => {
      const name = newAddress().replace('@example.org', '');
      const token = await join(world, `${name}@gmail.com`);
      expect(await lotsOf(world, token)).toHaveLength(1);
      const email = `${name}@gmail.com`;
      const erased = await gql(world, ERASE, { email }, bearer(token));
      expect(codeOf(erased)).toBeUndefined();
      const dotted = `${name.slice(0, 3)}.${name.slice(3)}+again@googlemail.com`;
      expect(await lotsOf(world, await join(world, dotted))).toEqual([]);
      return 'none';
    },
  },
  {
    id: 'erase-leaves-traces',
    requirement: 'V14.2.4',
    attempt: 'find somebody who was erased, by address, in any row of any table',
    run: async (world) => {
      const email = newAddress();
      const token = await join(world, email);
      await gql(world, SIGN_IN, { email, password: 'not the password' }, {}, newIp());
      await gql(
        world,
        'mutation ($email: String!) { requestMagicLink(input: { email: $email }) { userErrors { code message path details } } }',
        { email },
        {},
        newIp(),
      );
      await mailAfter(world.outboxDir, email, () =>
        world.attacker.person.gql(
          'mutation ($email: String!) { inviteMember(input: { email: $email }) { invitation { id } userErrors { code message path details } } }',
          { email },
        ),
      );
      await gql(
        world,
        'mutation ($email: String!) { joinWaitlist(input: { slug: "wanted/trace", email: $email }) { userErrors { code message path details } } }',
        { email },
        {},
        newIp(),
      );
      expect(codeOf(await gql(world, ERASE, { email }, bearer(token)))).toBeUndefined();
      const tables = await world.t.database.query<{ name: string }>(
        `SELECT quote_ident(table_name) AS name FROM information_schema.tables
          WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
      );
      for (const { name } of tables) {
        const rows = await world.t.database.query(
          `SELECT x::text FROM ${name} x WHERE position($1 IN lower(x::text)) > 0`,
          [email],
        );
        expect([name, rows]).toEqual([name, []]);
      }
      return 'none';
    },
  },
  {
    id: 'personal-data-secrets',
    requirement: 'V14.2.6, API3:2023',
    attempt: 'hashes, tokens and secrets in what a person can have of themselves',
    run: async (world) => {
      const person = await somebody(world);
      const { body } = await person.gql('{ personalData }');
      const text = JSON.stringify(body.data.personalData);
      expect(text).toContain(person.email);
      expect(text).not.toMatch(/password"|secret|hash|backup|\$scrypt|\$argon/i);
      expect(text).not.toContain(person.token);
      return 'none';
    },
  },
  {
    id: 'grant-aliases',
    requirement: 'V2.3.1, API6:2023, I9',
    attempt: 'free credit again with a tag, dots, capital letters and the twin domain of a mailbox',
    run: async (world) => {
      const name = newAddress().replace('@example.org', '');
      expect(await lotsOf(world, await join(world, `${name}@gmail.com`))).toHaveLength(1);
      for (const alias of [
        `${name}+a@gmail.com`,
        `${name.slice(0, 2)}.${name.slice(2)}@gmail.com`,
        `${name.toUpperCase()}@GoogleMail.com`,
      ]) {
        expect([alias, await lotsOf(world, await join(world, alias.toLowerCase()))]).toEqual([
          alias,
          [],
        ]);
      }
      return 'none';
    },
  },
  {
    id: 'audit-failed-sign-ins-flood',
    requirement: 'V16.3.1, V16.4.1, API4:2023',
    attempt: 'fill the audit log with failed sign-ins of one person from one network',
    run: async (world) => {
      const { email } = await somebody(world);
      const ip = newIp();
      const events = async () =>
        Number(
          (
            await world.t.database.query<{ count: string }>(
              `SELECT count(*) FROM audit_event WHERE action = 'user.sign-in-failed'`,
            )
          )[0]?.count,
        );
      const before = await events();
      let last = await gql(world, SIGN_IN, { email, password: 'wrong' }, {}, ip);
      for (let n = 0; n < 30; n += 1)
        last = await gql(world, SIGN_IN, { email, password: 'wrong' }, {}, ip);
      expect((await events()) - before).toBeLessThanOrEqual(10);
      return refused(last, 'RATE_LIMITED');
    },
  },
];
