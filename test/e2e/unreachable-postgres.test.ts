import pg from 'pg';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.js';
import { temporaryFolder } from '../support/folder.js';

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

/** Takes all connections that there are. */
async function occupy(url: string): Promise<() => Promise<unknown>> {
  const clients: pg.Client[] = [];
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
      clients.push(client);
    } catch {
      return () => Promise.allSettled(clients.map((one) => one.end()));
    }
  }
}

test('a server that was left running and lets nobody in is started anew; one that does is taken over', async () => {
  const settings = { fsync: 'off', max_connections: '4', superuser_reserved_connections: '0' };
  const first = await startEmbeddedPostgres(folder.path, { settings });
  const again = await startEmbeddedPostgres(folder.path, { settings });
  expect([again.origin, again.url]).toEqual(['adopted', first.url]);

  const leave = await occupy(first.url);
  const anew = await startEmbeddedPostgres(folder.path, { settings, reachMs: 1_000 });
  expect(anew.origin).toBe('started');
  const client = new pg.Client({ connectionString: anew.url });
  await client.connect();
  expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  await client.end();
  await leave();
  await anew.stop();
});
