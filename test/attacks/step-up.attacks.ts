import { readConfig } from '../../src/config/config.js';
import { newPasskey } from '../support/passkey.js';
import {
  type Browser,
  browserOf,
  mailAfter,
  PASSWORD,
  type Person,
  personOn,
  signInBrowser,
} from '../support/people.js';
import { namedInDocument } from '../support/naming-account.js';
import { bearer } from '../support/platform.js';
import { setUpSecondFactor } from '../support/second-factor.js';
import { type Answer, answered, type Attack, gql, refused, send, type World } from './attack.js';
import { newAddress, somebody } from './somebody.js';

const INVITE = `mutation ($email: String!, $role: Role!) { inviteMember(input: { email: $email, role: $role }) { invitation { id } userErrors { code message path details } } }`;
const ACCEPT =
  'mutation ($token: String!) { acceptInvitation(input: { token: $token }) { account { id } userErrors { code message path details } } }';
const CHANGE = `mutation ($userId: ID!, $role: Role!) { updateMemberRole(input: { userId: $userId, role: $role }) { membership { role } userErrors { code message path details } } }`;
const REMOVE =
  'mutation ($userId: ID!) { removeMember(input: { userId: $userId }) { deletedMembershipId userErrors { code message path details } } }';

/** A session that was opened long ago, as somebody finds it in an open browser. */
async function openBrowser(world: World): Promise<{ person: Person; browser: Browser }> {
  const person = await somebody(world);
  const browser = await signInBrowser(world.t.url, person.email);
  await age(world, person);
  return { person, browser };
}

async function age({ t }: World, { email }: Person): Promise<void> {
  await t.database.query(
    `UPDATE session SET confirmed_at = now() - interval '11 minutes', second_factor_at = NULL
      WHERE user_id = (SELECT id FROM app_user WHERE email = $1)`,
    [email],
  );
}

/** An organization of an owner, in a session of long ago, with a developer. */
async function oldOrganization(world: World) {
  const [owner, developer] = [await somebody(world), await somebody(world)];
  const { body } = await owner.gql(
    'mutation { createOrganization(input: { name: "Old" }) { account { id } userErrors { code message path details } } }',
  );
  const account = body.data.createOrganization.account.id as string;
  const on = (who: Person) => personOn(world.t.url, who, account);
  const { token } = await mailAfter(world.outboxDir, developer.email, () =>
    on(owner).gql(INVITE, { email: developer.email, role: 'DEVELOPER' }),
  );
  await developer.gql(ACCEPT, { token });
  const developerId = (await developer.gql('{ viewer { user { id } } }')).body.data.viewer.user
    .id as string;
  const ownerId = (await owner.gql('{ viewer { user { id } } }')).body.data.viewer.user
    .id as string;
  return { account, on, owner, ownerId, developer, developerId };
}

/** Fails unless the answer asks for a proof. */
function wantsProof(answer: Answer): string {
  refused(answer, 'FORBIDDEN');
  expect(answer.body.errors[0].extensions.stepUp).toBe('PASSWORD');
  return 'asked for the password';
}

const on = (who: Person, account: string) => ({
  ...bearer(who.token),
  'x-gigarouter-account': account,
});

/** What whoever finds an open browser, or steals a session, tries. */
export const stepUpAttacks: readonly Attack[] = [
  {
    id: 'step-up-invite-administrator',
    requirement: 'V7.5.1, V8.2.1',
    attempt:
      'invite oneself as owner or administrator from an open browser, and go on from an own session',
    run: async (world) => {
      const { account, owner } = await oldOrganization(world);
      await age(world, owner);
      const invite = (role: string) =>
        gql(world, INVITE, { email: newAddress(), role }, on(owner, account));
      wantsProof(await invite('ADMIN'));
      return wantsProof(await invite('OWNER'));
    },
  },
  {
    id: 'step-up-promote',
    requirement: 'V7.5.1, V8.2.1',
    attempt: 'make a developer an owner or administrator from an open browser',
    run: async (world) => {
      const { account, owner, developerId: userId } = await oldOrganization(world);
      await age(world, owner);
      wantsProof(await gql(world, CHANGE, { userId, role: 'ADMIN' }, on(owner, account)));
      return wantsProof(await gql(world, CHANGE, { userId, role: 'OWNER' }, on(owner, account)));
    },
  },
  {
    id: 'step-up-remove-owner',
    requirement: 'V7.5.1',
    attempt: 'demote or remove the other owner from an open browser',
    run: async (world) => {
      const { account, owner, ownerId, developer, developerId } = await oldOrganization(world);
      await gql(world, CHANGE, { userId: developerId, role: 'OWNER' }, on(owner, account));
      await age(world, developer);
      const demote = { userId: ownerId, role: 'VIEWER' };
      wantsProof(await gql(world, CHANGE, demote, on(developer, account)));
      return wantsProof(await gql(world, REMOVE, { userId: ownerId }, on(developer, account)));
    },
  },
  {
    id: 'step-up-enable-factor',
    requirement: 'V7.5.1, V6.4.4',
    attempt: 'set up a second factor or a passkey of one’s own from an open browser',
    run: async (world) => {
      const { browser } = await openBrowser(world);
      const enable = await browser.send('/api/auth/two-factor/enable', {
        method: 'POST',
        body: {},
      });
      expect(enable.status).toBe(403);
      const options = await browser.send('/api/auth/passkey/generate-register-options');
      expect(options.status).toBe(403);
      return '403 for both';
    },
  },
  {
    id: 'step-up-ways-to-sign-in',
    requirement: 'V7.5.1',
    attempt: 'link an own provider, or take the password away, from an open browser',
    run: async (world) => {
      const { browser } = await openBrowser(world);
      for (const [path, body] of [
        ['link-social', { provider: 'github' }],
        ['unlink-account', { providerId: 'credential' }],
      ] as const) {
        const answer = await browser.send(`/api/auth/${path}`, { method: 'POST', body });
        expect([path, answer.status]).toEqual([path, 403]);
      }
      return '403 for both';
    },
  },
  {
    id: 'step-up-erase',
    requirement: 'V7.5.1',
    attempt: 'erase the person of an open browser',
    run: async (world) => {
      const { person } = await openBrowser(world);
      const { email, token } = person;
      const query = `mutation ($email: String!) { eraseMe(input: { email: $email, giveUpCredit: true }) { userErrors { code message path details } } }`;
      return wantsProof(await gql(world, query, { email }, bearer(token)));
    },
  },
  {
    id: 'step-up-by-key',
    requirement: 'V7.5.1, V8.2.1',
    attempt: 'confirm, erase or read a person with a key of their account',
    run: async (world) => {
      const { secret } = world.victim;
      const { email } = world.victim.person;
      for (const query of [
        'mutation { confirmIdentity(input: { password: "x" }) { userErrors { code message path details } } }',
        `mutation { eraseMe(input: { email: "${email}" }) { userErrors { code message path details } } }`,
        `mutation { erasePerson(input: { email: "${email}" }) { userErrors { code message path details } } }`,
        '{ personalData }',
      ]) {
        refused(await gql(world, query, {}, bearer(secret)), 'FORBIDDEN');
      }
      return 'FORBIDDEN for each';
    },
  },
  {
    id: 'passkey-of-another',
    requirement: 'V8.2.2, API1:2023',
    attempt: 'rename or remove a passkey of somebody else by its id',
    run: async (world) => {
      const [victim, attacker] = await Promise.all(
        [await somebody(world), await somebody(world)].map(({ email }) =>
          signInBrowser(world.t.url, email),
        ),
      );
      if (victim === undefined || attacker === undefined) throw new Error('nobody');
      const id = await addPasskey(world, victim);
      for (const [path, body] of [
        ['delete-passkey', { id }],
        ['update-passkey', { id, name: 'Mallory' }],
      ] as const) {
        const answer = await attacker.send(`/api/auth/passkey/${path}`, { method: 'POST', body });
        expect(answer.status).toBeGreaterThanOrEqual(400);
        expect(answer.status).toBeLessThan(500);
      }
      const list = await victim.send('/api/auth/passkey/list-user-passkeys');
      expect(await list.json()).toMatchObject([{ id, name: 'Phone' }]);
      return 'it stays';
    },
  },
  {
    id: 'factor-organization-doors',
    requirement: 'V6.3.3, V8.2.1',
    attempt: 'act without a second factor, at each door, for an organization that requires one',
    run: async (world) => {
      const { account, owner } = await oldOrganization(world);
      const { cookie } = await signInBrowser(world.t.url, owner.email);
      await requireFactor(world, account);
      const headers = on(owner, account);
      refused(
        await gql(world, '{ account { balance { postedNanos } } }', {}, headers),
        'FORBIDDEN',
      );
      answered(await send(world, '/api/v1/credits', { headers }), 403);
      const byCookie = { cookie, 'x-gigarouter-account': account, origin: world.t.url };
      answered(await send(world, '/api/v1/credits', { headers: byCookie }), 403);
      const form = new FormData();
      form.append('purpose', 'vision');
      answered(await send(world, '/v1/files', { headers, body: form }), 403);
      const watch = 'subscription { balanceChanged { balance { postedNanos } } }';
      const named = namedInDocument({ query: watch }, headers);
      const events = { ...named.headers, accept: 'text/event-stream' };
      const told = await send(world, '/graphql/stream', { ...named, headers: events });
      expect(told.text).toContain('"code":"FORBIDDEN"');
      return 'FORBIDDEN at each';
    },
  },
  {
    id: 'factor-shown-and-removed',
    requirement: 'V6.3.3, V7.4.3',
    attempt:
      'show a second factor, take it away, and go on acting for an organization that requires one',
    run: async (world) => {
      const { account, owner } = await oldOrganization(world);
      await requireFactor(world, account);
      const { browser } = await setUpSecondFactor(world.t.url, owner.email);
      const act = (cookie: string) =>
        gql(
          world,
          '{ account { balance { postedNanos } } }',
          {},
          {
            cookie,
            'x-gigarouter-account': account,
            origin: world.t.url,
          },
        );
      expect((await act(browser.cookie)).body.errors).toBeUndefined();
      const disabled = await browser.send('/api/auth/two-factor/disable', {
        method: 'POST',
        body: { password: PASSWORD },
      });
      expect(disabled.status).toBe(200);
      const next = browserOf(world.t.url, disabled).cookie;
      return refused(await act(next === '' ? browser.cookie : next), 'FORBIDDEN');
    },
  },
];

const requireFactor = ({ t }: World, account: string) =>
  t.database.query('UPDATE account SET second_factor_required = true WHERE id = $1', [account]);

/** @returns its id */
async function addPasskey(world: World, browser: Browser): Promise<string> {
  const options = await browser.send('/api/auth/passkey/generate-register-options');
  const { challenge, rp } = (await options.json()) as { challenge: string; rp: { id: string } };
  const { origin } = new URL(readConfig({}).publicUrl);
  const response = newPasskey().register({ challenge, origin, rpId: rp.id });
  const set = options.headers.getSetCookie().map((one) => one.split(';')[0]);
  const made = await send(world, '/api/auth/passkey/verify-registration', {
    headers: { origin: world.t.url, cookie: [browser.cookie, ...set].join('; ') },
    body: { response, name: 'Phone' },
  });
  if (made.status !== 200) throw new Error(made.text);
  const list = await browser.send('/api/auth/passkey/list-user-passkeys');
  return ((await list.json()) as { id: string }[])[0]?.id ?? '';
}
