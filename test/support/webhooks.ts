import type { NewNotification } from '../../src/notifications/index.js';
import type { AccountId } from '../../src/platform/ids.js';
import { errorOf, startTestApp, type TestApp } from './app.js';
import { temporaryFolder } from './folder.js';
import { type Caller, newCaller } from './platform.js';
import { until } from './process.js';
import { type Receiver, startReceiver } from './receiver.js';

let count = 0;

/**
 * The app with a receiver on this machine, new for each test, that it may deliver to. Registers its own hooks.
 * @param timeoutMs of an attempt; by default more than an answer takes on a machine that is busy
 */
export function useWebhooks(timeoutMs = 15_000) {
  let t: TestApp;
  let receiver: Receiver;
  const outbox = temporaryFolder();
  beforeAll(async () => {
    t = await startTestApp({
      seeded: false,
      config: {
        webhooks: { allow: ['127.0.0.1'], timeoutMs },
        mail: {
          smtpUrl: undefined,
          from: 'gigarouter <noreply@test.example>',
          outboxDir: outbox.path,
        },
      },
    });
  });
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => {
    receiver.close();
  });
  afterAll(async () => {
    await t.stop();
    outbox.remove();
  });

  /** What was sent to an endpoint, newest first. */
  async function log(caller: Caller, endpointId: string) {
    const { body } = await caller.gql(
      `query ($id: ID!) {
         account {
           webhookDeliveries(endpointId: $id) {
             edges {
               node {
                 id webhookId type state attempts responseCode durationMs error nextAttemptAt endedAt
               }
             }
           }
         }
       }`,
      { id: endpointId },
    );
    expect(body.errors).toBeUndefined();
    // Untyped on purpose: tests look into whatever came.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return body.data.account.webhookDeliveries.edges.map(({ node }: any) => node);
  }

  return {
    get t() {
      return t;
    },
    get receiver() {
      return receiver;
    },
    outbox: outbox.path,
    log,
    /** A new account, and a key of it that may do everything here. */
    admin: () => newCaller(t, 0n, { scopes: ['ADMIN', 'READ'] }),
    endpoint: async (caller: Caller, url = receiver.url, types = '[]') => {
      const { body } = await caller.gql(
        `mutation ($url: String!) {
          createWebhookEndpoint(input: { url: $url, types: ${types} }) {
            secret
            webhookEndpoint { id }
            userErrors { code message path details }
          }
        }`,
        { url },
      );
      expect(errorOf({ body })).toBeUndefined();
      const { secret, webhookEndpoint } = body.data.createWebhookEndpoint;
      return { id: webhookEndpoint.id as string, secret: secret as string };
    },
    /** Something new to tell. */
    news: (accountId: AccountId | undefined, more: Partial<NewNotification> = {}) => ({
      id: `test:${String((count += 1))}`,
      type: 'model.live' as const,
      accountId,
      data: { model: 'a/b', n: 1 },
      mail: undefined,
      ...more,
    }),
    /** Posts, and begins a turn without waiting for the next one. */
    post: async (...all: NewNotification[]) => {
      const { notifications } = t.app.services;
      const fresh = await t.app.database.transaction((tx) => notifications.post(tx, all));
      void notifications.turn();
      return fresh;
    },
    /** The newest delivery, once an attempt is over. */
    settled: (caller: Caller, id: string) =>
      until('a delivery to be tried', async () => {
        const [row] = await log(caller, id);
        const isOver = row?.durationMs !== null || row.endedAt !== null;
        return row?.attempts > 0 && isOver ? row : undefined;
      }),
    /** Makes what waits due now. */
    hurry: () =>
      t.database.query(
        `UPDATE notification_delivery SET next_attempt_at = now() WHERE state = 'WAITING' AND lease_until IS NULL`,
      ),
    /** What the platform knows of an endpoint. */
    find: async (caller: Caller, id: string) => {
      const { body } = await caller.gql(
        '{ account { webhookEndpoints { id isEnabled disabledReason failingSince previousSecretUntil } } }',
      );
      return body.data.account.webhookEndpoints.find((each: { id: string }) => each.id === id);
    },
  };
}
