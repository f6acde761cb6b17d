import { connect } from 'node:net';
import { postGraphQL } from '../support/app.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/folder.js';
import { killLeftServers, type ServerProcess, startServer } from '../support/process.js';

/* Requests that no client would send, against a server process of its own: it must outlive each of them. */

const folder = temporaryFolder();
let database: TestDatabase;
let server: ServerProcess;
let url: string;

beforeAll(async () => {
  database = await createTestDatabase();
  server = startServer({ DATABASE_URL: database.url, DATA_DIR: folder.path });
  url = await server.ready();
});
afterAll(async () => {
  await killLeftServers();
  await database.drop();
  folder.remove();
});

/** Writes bytes as they are, and resolves with what came back once the connection has ended. */
function send(bytes: string, end: 'half' | 'reset' = 'half'): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' }, () => {
      socket.write(bytes, () => {
        if (end === 'half') socket.end();
        else socket.resetAndDestroy();
      });
    });
    socket.setEncoding('latin1').on('data', (chunk) => (answer += String(chunk)));
    // A connection that the server cuts is one of its answers.
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve(answer);
      });
  });
}

const PATHS = [
  'GET /v1/models',
  'POST /v1/embeddings',
  'POST /graphql',
  'GET /graphql',
  'GET /none',
];
const BODIES: [string, string][] = [
  ['an unknown transfer encoding', 'Transfer-Encoding: gzip\r\n\r\nx'],
  ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n'],
  ['a chunk that ends early', 'Transfer-Encoding: chunked\r\n\r\n40\r\n{"query"'],
  ['a body that ends early', 'Content-Length: 100\r\n\r\n{"query"'],
  ['a body of more than it says', 'Content-Length: 2\r\n\r\n{}{"query":1}'],
];

describe.each(PATHS)('%s', (head) => {
  test.each(BODIES)('%s: the server lives', async (_name, rest) => {
    const type = 'Content-Type: application/json\r\n';
    const request = `${head} HTTP/1.1\r\nHost: x\r\n${type}${rest}`;
    await send(request);
    await send(request, 'reset');
    expect((await postGraphQL(url, { query: '{ __typename }' })).status).toBe(200);
    expect(server.progress()).not.toContain('gigarouter failed');
  });
});
