import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { event, type Subscriber, subscribe, TRANSPORTS } from '../support/live.js';
import { newCaller } from '../support/platform.js';
import { signUp } from '../support/people.js';
import { until } from '../support/process.js';

/** Instead of half a minute. */
const RECHECK_MS = 3_000;
/** For a server of a machine that does much else. */
const SLACK_MS = 2_000;

const folder = temporaryFolder();
const settings = {
  live: { ...readConfig({}).live, recheckMs: RECHECK_MS },
  mail: { ...readConfig({}).mail, outboxDir: folder.path },
  authSecret: 'a secret that two servers share, of 32 or more',
};
let t: TestApp;
/** Another server on the same database, where subscribers are: nothing tells it what the first one does. */
let other: App;
let url: string;

beforeAll(async () => {
  t = await startTestApp({ config: settings });
  other = await createApp({ ...readConfig({}), ...settings }, t.database.url, {
    logger: createLogger('info', { write: () => undefined }),
  });
  url = await other.server.listen({ port: 0, host: '127.0.0.1' });
  await loseAnnouncementsOfRights();
});
afterAll(async () => {
  await other.stop();
  await t.stop();
  folder.remove();
});

async function loseAnnouncementsOfRights(): Promise<void> {
  const triggers = await t.database.query<{ name: string; table: string }>(
    `SELECT DISTINCT trigger_name AS name, event_object_table AS table FROM information_schema.triggers
      WHERE action_statement ~ 'rights|announce|key_changed'`,
  );
  expect(triggers.length).toBeGreaterThan(4);
  for (const { name, table } of triggers) {
    await t.database.query(`ALTER TABLE ${table} DISABLE TRIGGER ${name}`);
  }
}

const BALANCE = 'subscription { balanceChanged { balance { postedNanos } } }';
let people = 0;
const somebody = () => {
  people += 1;
  return signUp({ url: t.url, outboxDir: folder.path }, `somebody-${String(people)}@x.test`);
};

/** Subscribed, with the first event there. */
async function listening(
  transport: (typeof TRANSPORTS)[number],
  secret: string,
): Promise<Subscriber> {
  const subscriber = subscribe(transport, url, BALANCE, { secret });
  await event(subscriber, 0);
  return subscriber;
}

/** How it was cut, within the time that is promised. */
async function cutWith(subscriber: Subscriber): Promise<string | number> {
  const end = await until('the cut', () => subscriber.end(), RECHECK_MS + SLACK_MS);
  return end.code ?? subscriber.events.at(-1).errors[0].extensions.code;
}

describe.each(TRANSPORTS)(
  'over %s, what nobody announces is found out by asking again',
  (transport) => {
    const REVOKED = { websocket: 4401, sse: 'UNAUTHENTICATED' }[transport];
    const CHANGED = { websocket: 4403, sse: 'FORBIDDEN' }[transport];

    test('a key is revoked, which this server has just used', async () => {
      const caller = await newCaller(t, 1n, { scopes: ['READ', 'ADMIN'] });
      const subscriber = await listening(transport, caller.secret);
      const { body } = await caller.gql('{ account { apiKeys { nodes { id } } } }');
      await caller.gql(
        'mutation ($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { id } userErrors { code message path details } } }',
        {
          id: body.data.account.apiKeys.nodes[0].id,
        },
      );
      expect(await cutWith(subscriber)).toBe(REVOKED);
    });

    test('somebody signs out', async () => {
      const person = await somebody();
      const subscriber = await listening(transport, person.token);
      await person.gql('mutation { signOut { userErrors { code message path details } } }');
      expect(await cutWith(subscriber)).toBe(REVOKED);
    });

    test('a role changes', async () => {
      const person = await somebody();
      const subscriber = await listening(transport, person.token);
      await t.database.query(
        `UPDATE membership SET role = 'VIEWER' WHERE user_id = (SELECT id FROM app_user WHERE email = $1)`,
        [person.email],
      );
      expect(await cutWith(subscriber)).toBe(CHANGED);
    });

    test('an account is closed', async () => {
      const caller = await newCaller(t, 1n);
      const subscriber = await listening(transport, caller.secret);
      await t.database.query(
        `UPDATE account SET status = 'CLOSED', closed_at = now() WHERE id = $1`,
        [caller.accountId],
      );
      expect(await cutWith(subscriber)).toBe(REVOKED);
    });

    test('who may go on goes on, however often that is asked', async () => {
      const caller = await newCaller(t, 1n);
      const byKey = await listening(transport, caller.secret);
      const bySession = await listening(transport, (await somebody()).token);
      const openedAt = Date.now();
      await until(
        'each to be asked about twice',
        () => Date.now() - openedAt > 2 * RECHECK_MS || undefined,
        3 * RECHECK_MS,
      );
      const { accountId } = caller;
      await t.app.services.credits.grant({ accountId, nanos: 7n, reason: 'test', actor: 'system' });
      expect((await event(byKey, 1)).data.balanceChanged.balance.postedNanos).toBe('8');
      expect([byKey.end(), bySession.end()]).toEqual([undefined, undefined]);
      byKey.close();
      bySession.close();
    });
  },
);
