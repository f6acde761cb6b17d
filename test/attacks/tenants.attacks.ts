import { newId } from '../../src/platform/ids.js';
import { createSecret } from '../../src/accounts/api-key.js';
import { bearer } from '../support/platform.js';
import {
  answered,
  type Attack,
  codeOf,
  gql,
  type OwnedKind,
  refused,
  send,
  type World,
} from './attack.js';

const attackersKey = ({ attacker }: World) => bearer(attacker.secret);
const attacker = ({ attacker: { person, accountId } }: World) => ({
  ...bearer(person.token),
  'x-gigarouter-account': accountId,
});
const ABSENT = ['NOT_FOUND', 'FORBIDDEN', 'BAD_USER_INPUT'];

/** Asks for an object of the victim's by its id. */
function foreign(
  id: string,
  attempt: string,
  kind: OwnedKind,
  query: (id: string) => string,
): Attack {
  return {
    id,
    requirement: 'V8.2.2, V8.4.1, API1:2023, I15',
    attempt,
    run: async (world) => {
      const objectId = world.owned[kind];
      const answer = await gql(world, query(objectId), {}, attacker(world));
      const code = codeOf(answer);
      if (code !== undefined) return refused(answer, ...ABSENT);
      expect(Object.values(answer.body.data as object)).toEqual([null]);
      return 'null, as for an id that nobody has';
    },
  };
}

/** Reads the victim's credit over REST. */
async function foreignInHeader(world: World, credentials: Record<string, string>) {
  const headers = { ...credentials, 'x-gigarouter-account': world.victim.accountId };
  return answered(await send(world, '/api/v1/credits', { headers }), 403);
}

/** What one account learns and does of another, and what nobody may without credentials. */
export const tenantAttacks: readonly Attack[] = [
  foreign(
    'tenant-foreign-run',
    'read a run',
    'run',
    (id) => `{ run: node(id: "${id}") { ... on Run { id } } }`,
  ),
  foreign(
    'tenant-foreign-run-node',
    'read a run by node()',
    'run',
    (id) => `{ node(id: "${id}") { id } }`,
  ),
  foreign(
    'tenant-foreign-purchase',
    'read a purchase',
    'purchase',
    (id) => `{ purchase: node(id: "${id}") { ... on Purchase { id } } }`,
  ),
  foreign(
    'tenant-foreign-key-revoke',
    'revoke a key',
    'key',
    (id) =>
      `mutation { revokeApiKey(input: { id: "${id}" }) { apiKey { id } userErrors { code message path details } } }`,
  ),
  foreign(
    'tenant-foreign-key-rotate',
    'rotate a key, to get its new secret',
    'key',
    (id) =>
      `mutation { rotateApiKey(input: { id: "${id}", graceHours: 0 }) { secret userErrors { code message path details } } }`,
  ),
  foreign(
    'tenant-foreign-key-cap',
    'lift the cap of a key',
    'key',
    (id) =>
      `mutation { updateApiKey(input: { id: "${id}", spendCap: { period: TOTAL, nanos: "9" } }) { apiKey { id } userErrors { code message path details } } }`,
  ),
  foreign(
    'tenant-foreign-label-set',
    'delete a label set',
    'labelSet',
    (id) =>
      `mutation { deleteLabelSet(input: { id: "${id}" }) { deletedLabelSetId userErrors { code message path details } } }`,
  ),
  foreign(
    'tenant-foreign-member',
    'remove a member',
    'member',
    (id) =>
      `mutation { removeMember(input: { userId: "${id}" }) { deletedMembershipId userErrors { code message path details } } }`,
  ),
  foreign(
    'tenant-foreign-role',
    'change a member’s role',
    'member',
    (id) =>
      `mutation { updateMemberRole(input: { userId: "${id}", role: OWNER }) { membership { role } userErrors { code message path details } } }`,
  ),
  {
    id: 'tenant-foreign-invitation',
    requirement: 'V8.2.2, V8.4.1, API1:2023, I15',
    attempt: 'revoke an invitation',
    run: async (world) => {
      const revoke = (id: string) =>
        gql(
          world,
          `mutation { revokeInvitation(input: { id: "${id}" }) { deletedInvitationId userErrors { code message path details } } }`,
          {},
          attacker(world),
        );
      const [id, foreign] = [world.owned.invitation, newId('inv')];
      const { text } = await revoke(id);
      expect(text.replaceAll(id, foreign)).toBe((await revoke(foreign)).text);
      const { body } = await world.victim.person.gql(
        '{ account { invitations { nodes { id } } } }',
      );
      expect(body.data.account.invitations.nodes).toContainEqual({ id: world.owned.invitation });
      return 'as for an id that nobody has, and it stands';
    },
  },
  {
    id: 'tenant-foreign-account-header',
    requirement: 'V8.4.1, API1:2023',
    attempt: 'a session that names the victim’s account in x-gigarouter-account',
    run: (world) => foreignInHeader(world, bearer(world.attacker.person.token)),
  },
  {
    id: 'tenant-foreign-account-key',
    requirement: 'V8.4.1, API1:2023',
    attempt: 'a key that names the victim’s account in x-gigarouter-account',
    run: (world) => foreignInHeader(world, attackersKey(world)),
  },
  {
    id: 'tenant-foreign-account-named',
    requirement: 'V8.4.1, API1:2023',
    attempt: 'a session and a key that name the victim’s account in account(id:)',
    run: async (world) => {
      for (const headers of [attacker(world), attackersKey(world)]) {
        const query = 'query ($id: ID!) { account(id: $id) { balance { postedNanos } } }';
        const { body } = await gql(world, query, { id: world.victim.accountId }, headers);
        expect(body).toMatchObject({ data: { account: null } });
        expect(body.errors).toBeUndefined();
      }
      return 'null, as for an id that nobody has';
    },
  },
  {
    id: 'tenant-foreign-file',
    requirement: 'V8.2.2, API1:2023',
    attempt: 'read and delete an uploaded file',
    run: async (world) => {
      const id = world.owned.upload;
      const headers = attackersKey(world);
      answered(await send(world, `/v1/files/${id}`, { headers }), 404);
      answered(await send(world, `/v1/files/${id}/content`, { headers }), 404);
      return answered(await send(world, `/v1/files/${id}`, { headers, method: 'DELETE' }), 404);
    },
  },
  {
    id: 'tenant-foreign-generation',
    requirement: 'V8.2.2, API1:2023',
    attempt: 'the cost of somebody else’s call (OpenRouter)',
    run: async (world) => {
      const id = world.owned.run;
      return answered(
        await send(world, `/api/v1/generation?id=${id}`, { headers: attackersKey(world) }),
        404,
      );
    },
  },
  {
    id: 'tenant-foreign-cursor',
    requirement: 'V8.2.2, API1:2023',
    attempt: 'page on from a run of the victim’s',
    run: async (world) => {
      const id = world.owned.run;
      const answer = await gql(
        world,
        `{ account { runs(first: 5, after: "${id}") { edges { node { id } } } } }`,
        {},
        attackersKey(world),
      );
      expect(answer.text.replace(id, '')).not.toContain(id);
      return codeOf(answer) ?? 'as for an id that nobody has';
    },
  },
  {
    id: 'tenant-anonymous',
    requirement: 'V8.2.1, API2:2023',
    attempt: 'what belongs to an account, without credentials',
    run: async (world) => {
      for (const query of [
        '{ account { balance { postedNanos } } }',
        '{ account { apiKeys { nodes { id } } } }',
        'mutation { closeAccount(input: { accountId: "acct_1", giveUpCredit: true }) { userErrors { code message path details } } }',
      ])
        refused(await gql(world, query), 'UNAUTHENTICATED');
      for (const path of ['/v1/files', '/api/v1/credits', '/api/v1/keys', '/v1/batches'])
        answered(await send(world, path), 401);
      return '401 for each';
    },
  },
  {
    id: 'tenant-unknown-key',
    requirement: 'V7.2.3, API2:2023',
    attempt: 'a key of the right form that was never made',
    run: async (world) =>
      refused(
        await gql(
          world,
          '{ account { balance { postedNanos } } }',
          {},
          bearer(createSecret().secret),
        ),
        'UNAUTHENTICATED',
      ),
  },
  {
    id: 'tenant-key-as-sql',
    requirement: 'V1.2.4',
    attempt: 'SQL, NUL and control characters in place of a key',
    run: async (world) => {
      for (const secret of [
        `gr-' OR '1'='1`,
        'gr-%00',
        `gr-${'a'.repeat(5_000)}`,
        '../../etc/passwd',
      ])
        refused(
          await gql(world, '{ account { balance { postedNanos } } }', {}, bearer(secret)),
          'UNAUTHENTICATED',
          'RATE_LIMITED',
        );
      return '401 for each';
    },
  },
  {
    id: 'tenant-revoked-key',
    requirement: 'V7.4.1',
    attempt: 'a key after its revocation',
    run: async (world) => {
      const { body } = await world.attacker.person.gql(
        'mutation { createApiKey(input: { name: "short", scopes: [READ] }) { secret apiKey { id } userErrors { code message path details } } }',
      );
      const { secret, apiKey } = body.data.createApiKey;
      const query = '{ account { balance { postedNanos } } }';
      expect(codeOf(await gql(world, query, {}, bearer(secret)))).toBeUndefined();
      await world.attacker.person.gql(
        `mutation { revokeApiKey(input: { id: "${String(apiKey.id)}" }) { apiKey { id } userErrors { code message path details } } }`,
      );
      return refused(await gql(world, query, {}, bearer(secret)), 'UNAUTHENTICATED');
    },
  },
  {
    id: 'tenant-node-enumeration',
    requirement: 'V8.2.2, API1:2023',
    attempt: 'node() with an id of each type, guessed',
    run: async (world) => {
      for (const prefix of [
        'acct',
        'usr',
        'key',
        'run',
        'txn',
        'pur',
        'inv',
        'lbl',
        'whe',
        'wbe',
      ] as const) {
        const id = newId('run').replace(/^run/, prefix);
        const { body, status } = await gql(
          world,
          `{ node(id: "${id}") { id } }`,
          {},
          attacker(world),
        );
        expect([prefix, status < 500, body.data?.node ?? null]).toEqual([prefix, true, null]);
      }
      return 'null';
    },
  },
];
