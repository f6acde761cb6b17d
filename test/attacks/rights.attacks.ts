import { newId } from '../../src/platform/ids.js';
import { bearer, DEMO_MODEL } from '../support/platform.js';
import { answered, type Attack, gql, refused, send, type World } from './attack.js';

const attackersKey = ({ attacker }: World) => bearer(attacker.secret);
const attacker = ({ attacker: { person, accountId } }: World) => ({
  ...bearer(person.token),
  'x-gigarouter-account': accountId,
});

/** A key of the attacker's. @param limit of `CreateApiKeyInput`, in GraphQL */
async function newKey(world: World, scopes: readonly string[], limit = '') {
  const { body } = await world.attacker.person.gql(
    `mutation { createApiKey(input: { name: "${newId('key')}", scopes: [${scopes.join()}] ${limit} }) { secret apiKey { id } userErrors { code message } } }`,
  );
  const { secret, apiKey } = body.data.createApiKey;
  return { id: apiKey.id as string, headers: bearer(secret as string) };
}

/** A key of the attacker's with some scopes only. */
async function keyWith(
  world: World,
  ...scopes: readonly string[]
): Promise<Record<string, string>> {
  return (await newKey(world, scopes)).headers;
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const operators = (name: string, args: string, selection = '{ __typename }'): Attack => ({
  id: `rights-operator-${kebab(name)}`,
  requirement: 'V8.2.1, API5:2023',
  attempt: `${name}, which operators may, by an owner of an account and by a key with every scope`,
  run: async (world) => {
    const kind = /^(accounts|auditLog|deadLetters|operators|backgroundJobs)$/.test(name)
      ? 'query'
      : 'mutation';
    const query = `${kind} { ${name}${args} ${selection} }`;
    refused(await gql(world, query, {}, attackersKey(world)), 'FORBIDDEN');
    return refused(await gql(world, query, {}, attacker(world)), 'FORBIDDEN');
  },
});

/** A key or role beyond what it was given. */
export const rightsAttacks: readonly Attack[] = [
  {
    id: 'rights-key-scope-inference',
    requirement: 'V8.2.1, API5:2023',
    attempt: 'classify with a key that may only read',
    run: async (world) =>
      refused(
        await gql(
          world,
          `mutation {
            classifyImage(input: { model: "${DEMO_MODEL}", image: { base64: "AA==" }, labels: ["a", "b"] }) {
              cost { chargedNanos }
              userErrors { code message path details }
            }
          }`,
          {},
          await keyWith(world, 'READ'),
        ),
        'FORBIDDEN',
      ),
  },
  {
    id: 'rights-key-makes-key',
    requirement: 'V8.2.1, API5:2023',
    attempt: 'make a key with a key that may not',
    run: async (world) => {
      const headers = await keyWith(world, 'READ', 'INFERENCE');
      refused(
        await gql(
          world,
          'mutation { createApiKey(input: { name: "more", scopes: [ADMIN] }) { secret userErrors { code message path details } } }',
          {},
          headers,
        ),
        'FORBIDDEN',
      );
      return answered(
        await send(world, '/api/v1/keys', { headers, body: { name: 'more' } }),
        401,
        403,
      );
    },
  },
  {
    id: 'rights-admin-key-makes-mightier',
    requirement: 'V8.3.1, API5:2023',
    attempt: 'an ADMIN key makes a key with scopes that it lacks',
    run: async (world) =>
      refused(
        await gql(
          world,
          'mutation { createApiKey(input: { name: "more", scopes: [ADMIN, BILLING, INFERENCE] }) { secret userErrors { code message path details } } }',
          {},
          await keyWith(world, 'ADMIN', 'READ'),
        ),
        'FORBIDDEN',
      ),
  },
  {
    id: 'rights-admin-key-invites-owner',
    requirement: 'V8.3.1, API5:2023',
    attempt: 'an ADMIN key invites an owner',
    run: async (world) =>
      refused(
        await gql(
          world,
          'mutation { inviteMember(input: { email: "accomplice@example.org", role: OWNER }) { invitation { id } userErrors { code message path details } } }',
          {},
          await keyWith(world, 'ADMIN', 'READ'),
        ),
        'FORBIDDEN',
      ),
  },
  {
    id: 'rights-limited-key-makes-mightier',
    requirement: 'V8.2.1, API5:2023',
    attempt: 'an ADMIN key with limits lifts its cap, and makes or replaces a key without limits',
    run: async (world) => {
      const scopes = ['ADMIN', 'READ', 'INFERENCE'];
      const other = await newKey(world, ['INFERENCE']);
      for (const limit of [
        'spendCap: { nanos: "1" }',
        `models: ["${DEMO_MODEL}"]`,
        'allowedIps: ["127.0.0.1"]',
        'ratePerMinute: 1',
      ]) {
        const { id, headers } = await newKey(world, scopes, limit);
        for (const attempt of [
          'createApiKey(input: { name: "more" }) { secret }',
          `rotateApiKey(input: { id: "${other.id}" }) { secret userErrors { code } }`,
          `updateApiKey(input: { id: "${id}", ratePerMinute: null }) { apiKey { id } }`,
          ...(limit.startsWith('spendCap')
            ? [`updateApiKey(input: { id: "${id}", spendCap: null }) { apiKey { id } }`]
            : []),
        ]) {
          refused(await gql(world, `mutation { ${attempt} }`, {}, headers), 'FORBIDDEN');
        }
      }
      return '403 for each';
    },
  },
  {
    id: 'rights-last-owner',
    requirement: 'V2.3.2',
    attempt: 'the last owner leaves, so that nobody owns the account',
    run: async (world) =>
      refused(
        await gql(
          world,
          `mutation { leaveAccount(input: { accountId: "${world.attacker.accountId}" }) { leftAccountId userErrors { code message path details } } }`,
          {},
          attacker(world),
        ),
        'CONFLICT',
        'FORBIDDEN',
      ),
  },
  operators(
    'grantCredits',
    '(input: { accountId: "acct_x", nanos: "1000000000", reason: "mine", priority: 50, idempotencyKey: "x" })',
  ),
  operators(
    'adjustCredits',
    '(input: { accountId: "acct_x", nanos: "1000000000", reason: "mine", idempotencyKey: "x" })',
  ),
  operators('setOperator', '(input: { email: "side1@example.org", operator: true })'),
  operators('freezeAccount', '(input: { id: "acct_x", reason: "mine" })'),
  operators('updateAccountLimits', '(input: { id: "acct_x", ratePerMinute: 1 })'),
  operators('setModelPrice', `(input: { model: "${DEMO_MODEL}", unit: IMAGE, nanosPerUnit: "0" })`),
  operators('publishModel', `(input: { model: "${DEMO_MODEL}" })`),
  operators(
    'createPromoCode',
    '(input: { code: "MINE2026", nanos: "1000000000", redemptionsMax: 1 })',
  ),
  operators('accounts', '(first: 1)'),
  operators('auditLog', '(first: 1)'),
  operators('deadLetters', '(first: 1)'),
  operators('runBackgroundJob', '(input: { name: "x" })'),
];
