import { listen, type Listener } from '../../src/platform/listener.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/process.js';
import { type Proxy, startProxy, through } from '../support/proxy.js';

/** Passes nothing on, and keeps the connection open. */
const SILENCE = new Promise<boolean>(() => undefined);

let database: TestDatabase;
let proxy: Proxy;
let listener: Listener | undefined;
beforeEach(async () => {
  database = await createTestDatabase({ migrated: false });
  proxy = await startProxy(() => Number(new URL(database.url).port));
});
afterEach(async () => {
  await listener?.stop();
  await proxy.close();
  await database.drop();
});

/** Listens by way of the proxy, looking often. */
function hear() {
  const heard: string[] = [];
  let gaps = 0;
  listener = listen(
    through(proxy, database.url),
    { news: { onMessage: (text) => heard.push(text), onGap: () => (gaps += 1) } },
    { probeMs: 100, answerMs: 2_000 },
  );
  return { heard, gaps: () => gaps };
}

const tell = (text: string) => database.query(`SELECT pg_notify('news', $1)`, [text]);
const backends = async () =>
  (
    await database.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = 'gigarouter listener' AND datname = current_database()`,
    )
  ).map(({ pid }) => pid);

test('a connection that goes silent is replaced, and what was missed meanwhile is a gap', async () => {
  const { heard, gaps } = hear();
  await until('it to listen', () => (gaps() > 0 ? true : undefined));
  await tell('before');
  await until('the first', () => heard[0]);
  const before = gaps();

  // Only this connection: what it says from now on never arrives, and no error tells so.
  let isSilent = false;
  proxy.hooks = {
    toClient: () => {
      if (isSilent) return true;
      isSilent = true;
      return SILENCE;
    },
  };
  await until('the silence', () => isSilent || undefined);
  await tell('missed');
  // At the loss, and when another one listens.
  await until('the gaps', () => (gaps() >= before + 2 ? true : undefined));
  await tell('after');
  await until('the next', () => heard[1]);
  expect(heard).toEqual(['before', 'after']);
  await until('the old connection to be gone', async () =>
    (await backends()).length === 1 ? true : undefined,
  );
});

test('one that falls silent before it listens is given up as well', async () => {
  let connections = 0;
  proxy.hooks = {
    toServer: (bytes) => {
      if (!bytes.includes('LISTEN')) return true;
      connections += 1;
      return connections > 1 ? true : SILENCE;
    },
  };
  const { heard } = hear();
  await until('another one to listen', async () => {
    await tell('hello');
    return heard[0];
  });
  expect(connections).toBeGreaterThan(1);
});

test('a connection that answers is kept', async () => {
  const { gaps } = hear();
  await until('it to listen', () => (gaps() > 0 ? true : undefined));
  let probes = 0;
  proxy.hooks = { toServer: () => (probes += 1) > 0 };
  const before = await backends();
  await until('some looks', () => (probes > 5 ? true : undefined));
  expect(await backends()).toEqual(before);
  expect(gaps()).toBe(1);
});

test('stop does not wait for a connection that has gone silent', async () => {
  const { gaps } = hear();
  await until('it to listen', () => (gaps() > 0 ? true : undefined));
  let isSilent = false;
  proxy.hooks = {
    toServer: () => {
      isSilent = true;
      return SILENCE;
    },
  };
  await until('the silence', () => isSilent || undefined);
  await listener?.stop();
});
