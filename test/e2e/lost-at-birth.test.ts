import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { type Database, openDatabase } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/*
 * Attack: PostgreSQL stops, or an operator ends its sessions, at the moment in which a connection is opened. Found by the
 * soak: the whole server ended with an uncaughtException.
 */

/** PostgreSQL's protocol: a session is ready for its first statement. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
const TERMINATED = errorResponse({
  S: 'FATAL',
  V: 'FATAL',
  C: '57P01',
  M: 'terminating connection due to administrator command',
});

function errorResponse(fields: Readonly<Record<string, string>>): Buffer {
  const text = Object.entries(fields).map(([type, value]) => `${type}${value}\0`);
  const body = Buffer.from(`${text.join('')}\0`);
  const head = Buffer.alloc(5);
  head.write('E');
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

let database: TestDatabase;
let server: Server;
let db: Database;
/** New sessions that are ended in the packet that says that they are ready. */
let doomed = 0;
beforeAll(async () => {
  database = await createTestDatabase();
  const upstreamPort = Number(new URL(database.url).port);
  server = createServer((client) => {
    const upstream = connect(upstreamPort, '127.0.0.1');
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end);
    client.pipe(upstream);
    upstream.on('data', (bytes) => {
      if (doomed === 0 || !bytes.subarray(-READY.length).equals(READY)) {
        client.write(bytes);
        return;
      }
      doomed -= 1;
      client.end(Buffer.concat([bytes, TERMINATED]));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  db = openDatabase({
    url: Object.assign(new URL(database.url), { host: `127.0.0.1:${String(port)}` }).href,
    connectionsMax: 1,
    statementTimeoutMs: 10_000,
    connectTimeoutMs: 10_000,
  });
});
afterAll(async () => {
  await db.close();
  server.close();
  await database.drop();
});

const SELECT = 'SELECT 1 AS one';

test.each([
  ['a statement', () => db.query(SELECT, [])],
  ['a statement of Prisma', () => db.prisma.$queryRawUnsafe(SELECT)],
  ['a transaction', () => db.transaction((tx) => tx.query(SELECT, []))],
])('%s fails when its new session is ended at once, and nothing else does', async (_of, ask) => {
  doomed = 1;
  await expect(ask()).rejects.toThrow();
  expect(doomed).toBe(0);
  expect(await ask()).toEqual([{ one: 1 }]);
  // The next one begins with a new session.
  await db.query('SELECT pg_terminate_backend(pg_backend_pid())', []).catch(() => undefined);
});
