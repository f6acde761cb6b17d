import { WebSocket } from 'undici';
import { PASSWORD } from '../support/people.js';
import { bearer } from '../support/platform.js';
import { answered, type Attack, gql, send } from './attack.js';

/** What gets out: by logs, errors, metrics, subscriptions and the schema. */
export const privacyAttacks: readonly Attack[] = [
  {
    id: 'privacy-log',
    requirement: 'V16.2.5, V14.2.1',
    attempt: 'keys, passwords, session tokens and cookies in the log of everything above',
    run: ({ t, attacker, victim }) => {
      const log = t.log.join('\n');
      for (const secret of [
        attacker.secret,
        victim.secret,
        attacker.person.token,
        victim.person.token,
        PASSWORD,
      ])
        expect(log).not.toContain(secret);
      expect(log).not.toMatch(/session_token=[^[\\]/);
      return Promise.resolve('none');
    },
  },
  {
    id: 'privacy-database',
    requirement: 'V11.4.2, V6.5.2',
    attempt: 'keys and passwords in the database as they are',
    run: async ({ t, attacker }) => {
      const rows = await t.database.query<{ text: string }>(
        `SELECT k::text AS text FROM api_key k UNION ALL SELECT i::text FROM identity i`,
      );
      const text = rows.map((row) => row.text).join('\n');
      expect(rows.length).toBeGreaterThan(0);
      expect(text).not.toContain(attacker.secret);
      expect(text).not.toContain(PASSWORD);
      return 'hashes only';
    },
  },
  {
    id: 'privacy-metrics',
    requirement: 'V13.4.5',
    attempt: 'ids of accounts, keys and people in /metrics',
    run: async (world) => {
      const { text } = await send(world, '/metrics');
      expect(text).not.toMatch(/acct_|key_|usr_|@example/);
      return 'none';
    },
  },
  {
    id: 'privacy-key-shown-again',
    requirement: 'V8.2.3, API3:2023',
    attempt: 'the secret of a key that was made before',
    run: async (world) => {
      const { text, body } = await gql(
        world,
        '{ account { apiKeys { nodes { id name prefix lastFour } } } }',
        {},
        {
          ...bearer(world.attacker.person.token),
          'x-gigarouter-account': world.attacker.accountId,
        },
      );
      expect(body.data.account.apiKeys.nodes).toContainEqual(
        expect.objectContaining({ lastFour: world.attacker.secret.slice(-4) }),
      );
      expect(text).not.toContain(world.attacker.secret);
      return 'never shown';
    },
  },
  {
    id: 'privacy-readiness',
    requirement: 'V13.4.5, V16.5.1',
    attempt: 'addresses and versions in /readyz and /healthz',
    run: async (world) => {
      for (const path of ['/readyz', '/healthz']) {
        const { text } = await send(world, path);
        expect(text).not.toMatch(/postgres|127\.0\.0\.1|password/i);
      }
      return 'none';
    },
  },
  {
    id: 'privacy-server-header',
    requirement: 'V13.4.2',
    attempt: 'names and versions of software in headers',
    run: async (world) => {
      const { headers } = await send(world, '/graphql');
      expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null]);
      return 'none';
    },
  },
  {
    id: 'privacy-foreign-origin',
    requirement: 'V3.4.2',
    attempt: 'a page of another origin reads an answer',
    run: async (world) => {
      const { headers } = await send(world, '/graphql', {
        headers: { origin: 'https://evil.example', ...bearer(world.attacker.secret) },
        body: { query: '{ account { balance { postedNanos } } }' },
      });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      return 'no CORS headers';
    },
  },
  {
    id: 'privacy-null-origin',
    requirement: 'V3.4.2',
    attempt: 'a sandboxed page, whose origin is null, asks by preflight',
    run: async (world) => {
      const { headers } = await send(world, '/graphql', {
        method: 'OPTIONS',
        headers: { origin: 'null', 'access-control-request-method': 'POST' },
      });
      expect(headers.get('access-control-allow-origin')).toBeNull();
      return 'no CORS headers';
    },
  },
  {
    id: 'privacy-websocket-origin',
    requirement: 'V4.4.2',
    attempt: 'a page of another origin opens a WebSocket with the cookie',
    run: (world) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(`${world.t.url.replace('http', 'ws')}/graphql`, {
          protocols: ['graphql-transport-ws'],
          headers: { origin: 'https://evil.example', cookie: 'gigarouter.session_token=x' },
        });
        socket.addEventListener('open', () => {
          socket.close();
          reject(new Error('It opened.'));
        });
        socket.addEventListener('error', () => {
          resolve('refused');
        });
      }),
  },
  {
    id: 'privacy-subscription-anonymous',
    requirement: 'V8.2.1, API2:2023',
    attempt: 'subscribe to a balance without credentials',
    run: async (world) => {
      const answer = await send(world, '/graphql/stream', {
        headers: { accept: 'text/event-stream' },
        body: { query: 'subscription { balanceChanged { balance { postedNanos } } }' },
      });
      expect(answer.text).toContain('UNAUTHENTICATED');
      return answered(answer, 200, 401);
    },
  },
  {
    id: 'privacy-explorer-third-party',
    requirement: 'V14.2.3, V3.4.3',
    attempt: 'the explorer loads from a third party, who then knows who uses it',
    run: async (world) => {
      const { text, headers } = await send(world, '/graphql', { headers: { accept: 'text/html' } });
      expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
      expect(headers.get('content-security-policy')).toMatch(/connect-src 'self'/);
      return 'everything comes from the server itself';
    },
  },
];
