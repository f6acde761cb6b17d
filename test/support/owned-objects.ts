import { Readable } from 'node:stream';
import { type AccountId, newId, type RunId, type UserId } from '../../src/platform/ids.js';
import { anonymous, SCOPES } from '../../src/platform/actor.js';
import { lineOf } from './batches.js';
import { type Person, personOn, signUp } from './people.js';
import { DEMO_MODEL, sample, type TestPlatform } from './platform.js';

/** An account of several people, with credit: its owner, and a key with all that a key may do. */
export interface Side {
  readonly accountId: AccountId;
  readonly userId: UserId;
  /** The owner, acting on it. */
  readonly person: Person;
  readonly secret: string;
}

let sides = 0;

export async function newSide(
  t: Pick<TestPlatform, 'app' | 'url'>,
  outboxDir: string,
): Promise<Side> {
  const { keys, credits } = t.app.services;
  const person = await signUp({ url: t.url, outboxDir }, `side${String((sides += 1))}@example.org`);
  const { body } = await person.gql(
    'mutation { createOrganization(input: { name: "Side" }) { account { id } userErrors { code message path details } } }',
  );
  const accountId = body.data.createOrganization.account.id as AccountId;
  const userId = (await person.gql('{ viewer { user { id } } }')).body.data.viewer.user
    .id as UserId;
  await credits.grant({ accountId, nanos: 10n ** 9n, reason: 'test', actor: 'system' });
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const { secret } = await keys.create(actor, accountId, {
    name: 'all',
    scopes: ['INFERENCE', 'READ', 'BILLING', 'ADMIN'],
  });
  return { accountId, userId, secret, person: personOn(t.url, person, accountId) };
}

/** Somebody new, as a developer. */
export async function addMember(
  { database }: Pick<TestPlatform, 'database'>,
  accountId: AccountId,
): Promise<UserId> {
  const id = newId('usr');
  await database.query(
    `INSERT INTO app_user (id, name, email) VALUES ($1, 'M', $1 || '@example.org')`,
    [id],
  );
  await database.query(
    `INSERT INTO membership (account_id, user_id, role) VALUES ($1, $2, 'DEVELOPER')`,
    [accountId, id],
  );
  return id;
}

let made = 0;
const unique = () => String((made += 1));

/**
 * Makes an object of each kind that has an id, as a side's own. Whoever adds such a kind adds a line here;
 * `test/e2e/isolation.test.ts` says where its ids are taken.
 * @returns the object's id
 */
export const MAKERS = {
  account: (_t, { accountId }) => Promise.resolve(accountId),
  user: (_t, { userId }) => Promise.resolve(userId),
  key: async ({ app: { services } }, { accountId }) => {
    const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
    const key = { name: unique(), scopes: ['READ'] as const };
    return (await services.keys.create(actor, accountId, key)).key.id;
  },
  run: async ({ app: { services } }, { accountId }) => {
    const runId: RunId = newId('run');
    const details = { model: DEMO_MODEL, operation: 'classify' };
    await services.credits.hold({
      runId,
      accountId,
      keyId: null,
      nanos: 5n,
      ttlMs: 60_000,
      details,
    });
    await services.credits.capture({ runId, accountId, nanos: 3n, details, result: { own: true } });
    return runId;
  },
  transaction: async ({ app: { services } }, { accountId }) =>
    services.credits.grant({ accountId, nanos: 7n, reason: 'test', actor: 'system' }),
  entry: (_t, { accountId }) => Promise.resolve(`ent_${accountId}_1`),
  labelSet: async ({ app: { services } }, { accountId }) =>
    (await services.labelSets.create(accountId, { name: unique(), labels: ['cat', unique()] })).id,
  invitation: async ({ app: { services } }, { accountId, userId }) => {
    const actor = { ...anonymous('127.0.0.1'), accountId, userId, scopes: new Set(SCOPES) };
    const invited = { email: `invited${unique()}@example.org`, role: 'DEVELOPER' } as const;
    return (await services.invitations.invite(actor, accountId, invited)).id;
  },
  member: (t, { accountId }) => addMember(t, accountId),
  auditEvent: async (t, { accountId }) => {
    const id = newId('aud');
    await t.database.query(
      `INSERT INTO audit_event (id, account_id, action) VALUES ($1, $2, 'test.made')`,
      [id, accountId],
    );
    return id;
  },
  purchase: async (t, { accountId }) => {
    const id = newId('pur');
    await t.database.query(
      `INSERT INTO purchase (id, account_id, provider, kind, credit_nanos, amount_minor, currency, actor, expires_at)
       VALUES ($1, $2, 'test', 'CHECKOUT', 1, 1, 'usd', 'system', now() + interval '1 day')`,
      [id, accountId],
    );
    return id;
  },
  upload: async ({ app: { services } }, { accountId }) => {
    const bytes = Buffer.from(sample('green-heart.png'), 'base64');
    const label = () => Promise.resolve({ purpose: 'vision', filename: 'x.png' } as const);
    return (await services.uploads.save(accountId, Readable.from([bytes]), label)).id;
  },
  batchInput: async ({ app: { services } }, { accountId }) => {
    const line = lineOf(unique(), '/v1/embeddings', { model: DEMO_MODEL, input: 'a cat' });
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    const label = () => Promise.resolve({ purpose: 'batch', filename: 'x.jsonl' } as const);
    return (await services.uploads.save(accountId, Readable.from([bytes]), label)).id;
  },
  batch: async (t, side) => {
    const { accountId } = side;
    const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
    const batch = await t.app.services.batches.create(actor, {
      inputFileId: await MAKERS.batchInput(t, side),
      endpoint: '/v1/embeddings',
      metadata: null,
      idempotencyKey: undefined,
    });
    return batch.id;
  },
  deadLetter: async (t, { accountId }) => {
    const id = `evt_${accountId}${unique()}`;
    await t.database.query(
      `INSERT INTO stripe_event (endpoint, id, type, payload, dead_at) VALUES ('/w', $1, 'test', '{}', now())`,
      [id],
    );
    return `dead_STRIPE_EVENT:${id}`;
  },
  modelRequest: async ({ app: { services } }, { accountId }) => {
    const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
    const reasons = { useCase: unique(), monthlyVolume: null, contactOk: true };
    return (await services.demand.request(actor, `wanted/model${unique()}`, reasons)).id;
  },
  webhookEndpoint: async (t, { accountId }) => {
    const id = newId('whe');
    await t.database.query(
      `INSERT INTO webhook_endpoint (id, account_id, url, description, secret)
       VALUES ($1, $2, 'https://example.org/' || $1, '', 'whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0')`,
      [id, accountId],
    );
    return id;
  },
  webhookDelivery: async (t, side) => {
    const endpointId = await MAKERS.webhookEndpoint(t, side);
    const id = newId('dlv');
    const notificationId = `test:${id}`;
    await t.database.query(
      `INSERT INTO notification (id, type, account_id, data) VALUES ($1, 'webhook.test', $2, '{}')`,
      [notificationId, side.accountId],
    );
    await t.database.query(
      `INSERT INTO notification_delivery (id, notification_id, queue, endpoint_id, state, ended_at)
       VALUES ($1, $2, $3, $3, 'DEAD', now())`,
      [id, notificationId, endpointId],
    );
    return id;
  },
  session: async (t, { userId }) => {
    const id = newId('idn');
    await t.database.query(
      `INSERT INTO session (id, token, user_id, expires_at) VALUES ($1, $1, $2, now() + interval '1 day')`,
      [id, userId],
    );
    return id;
  },
  alertRule: async ({ app: { services } }, { accountId }) => {
    const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
    const rule = { kind: 'LOW_BALANCE', thresholdNanos: BigInt(unique()) } as const;
    return (await services.alerts.create(actor, accountId, rule)).id;
  },
} as const satisfies Record<string, (t: TestPlatform, side: Side) => Promise<string>>;

export type Kind = keyof typeof MAKERS;

/** An id that nobody has, which stands beside the given one in every order. */
export function absentBeside(id: string): string {
  return `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
}

/** What is in every row of every table that names one of the ids, as one hash for each table. */
export async function hashRows(
  t: TestPlatform,
  ids: readonly string[],
): Promise<Record<string, string>> {
  const tables = await t.database.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`,
  );
  const parts = tables.map(
    ({
      name,
    }) => `SELECT '${name}' AS name, md5(coalesce(string_agg(r, E'\\n' ORDER BY r), '')) AS hash
      FROM (SELECT x::text AS r FROM ${name} x) rows WHERE r ~ $1`,
  );
  const rows = await t.database.query<{ name: string; hash: string }>(parts.join(' UNION ALL '), [
    ids.join('|'),
  ]);
  return Object.fromEntries(rows.map(({ name, hash }) => [name, hash]));
}
