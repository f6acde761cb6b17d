// What subscribers cost the server while nothing happens, and how long it takes from the commit of a charge until
// its event is at a client, of the same server and of another one.
// `npm run bench:live -- --subscribers 1000 --events 200 --json`
import { fork } from 'node:child_process';
import { mkdtempSync, chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import { KeysService } from '../dist/accounts/index.js';
import { createApp } from '../dist/app/app.js';
import { applyMigrations } from '../dist/app/startup.js';
import { readConfig } from '../dist/config/config.js';
import { anonymous, SCOPES } from '../dist/platform/actor.js';
import { startEmbeddedPostgres } from '../dist/platform/embedded-postgres/index.js';
import { newId } from '../dist/platform/ids.js';
import { root } from './platform.mjs';
import { print, round } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '1000' },
    events: { type: 'string', default: '200' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('Usage: npm run bench:live -- [--subscribers 1000] [--events 200] [--json]');
  process.exit(0);
}
const ACCOUNTS = 50;
const settled = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const folder = mkdtempSync(path.join(tmpdir(), 'gigarouter-bench-'));
chmodSync(folder, 0o755);
const postgres = await startEmbeddedPostgres(folder);
const env = {
  DATABASE_URL: postgres.url,
  LOG_LEVEL: 'fatal',
  LIVE_CONNECTIONS_PER_ADDRESS: '5000',
  CONNECTIONS_PER_ADDRESS: '0',
};
const config = readConfig(env);
await applyMigrations(config, postgres.url, () => undefined);
// Here the charges are made: the other server.
const app = await createApp(config, postgres.url);
const here = await app.server.listen({ port: 0, host: '127.0.0.1' });
const { credits, accounts } = app.services;
const callers = [];
for (let n = 0; n < ACCOUNTS; n++) {
  const accountId = await accounts.openAccount('bench');
  await credits.grant({ accountId, nanos: 10n ** 12n, reason: 'bench', actor: 'system' });
  const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
  const { secret } = await new KeysService(app.database).create(actor, accountId, {
    name: 'bench',
    scopes: ['READ'],
  });
  callers.push({ accountId, secret });
}

/** A program of this folder, and what it sends. */
function program(name, more) {
  const child = fork(path.join(root, 'bench', name), {
    env: { PATH: process.env.PATH, ...more },
    execArgv: ['--expose-gc'],
  });
  const heard = [];
  let wake = () => undefined;
  child.on('message', (message) => {
    heard.push(message);
    wake();
  });
  return {
    child,
    heard,
    until: async (probe) => {
      for (;;) {
        const found = heard.find(probe);
        if (found !== undefined) return found;
        await new Promise((resolve) => (wake = resolve));
      }
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.disconnect();
      }),
  };
}

/** Of a process, as Linux counts it, in MB. */
function rssMb(pid) {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))[1];
  return Number(kb) / 1_000;
}

const clients = (url, transport, count) =>
  program('live-clients.mjs', {
    URL: url,
    TRANSPORT: transport,
    COUNT: String(count),
    KEYS: JSON.stringify(callers.map(({ secret }) => secret)),
  });

const memory = {};
for (const transport of ['websocket', 'sse']) {
  const server = program('gigarouter.mjs', env);
  const { url } = await server.until((message) => message.url !== undefined);
  // Once through all that is compiled and kept, so that it does not count.
  const warm = clients(url, transport, 20);
  await warm.until((message) => message.ready !== undefined);
  await warm.stop();
  await settled(3_000);
  const before = rssMb(server.child.pid);
  const subscribers = clients(url, transport, options.subscribers);
  await subscribers.until((message) => message.ready !== undefined);
  await settled(5_000);
  const after = rssMb(server.child.pid);
  memory[transport] = {
    beforeMb: round(before, 0),
    withSubscribersMb: round(after, 0),
    costMb: round(after - before, 0),
  };
  await subscribers.stop();
  await server.stop();
}

/** From the moment that a capture has returned until its event is at the client; clocks of one machine. */
async function latency(url) {
  const subscriber = clients(url, 'websocket', 1);
  await subscriber.until((message) => message.ready !== undefined);
  const [{ accountId }] = callers;
  const ms = [];
  for (let n = 0; n < Number(options.events); n++) {
    const runId = newId('run');
    await credits.hold({ runId, accountId, keyId: null, nanos: 1n, ttlMs: 60_000, details: {} });
    // Its event has come and gone.
    await settled(250);
    subscriber.heard.length = 0;
    const { postedNanos } = await credits.capture({ runId, accountId, nanos: 1n, details: {} });
    const committedAt = performance.timeOrigin + performance.now();
    const event = await subscriber.until(({ text }) => text?.includes(`"${String(postedNanos)}"`));
    ms.push(event.at - committedAt);
  }
  await subscriber.stop();
  ms.sort((a, b) => a - b);
  const at = (q) => round(ms[Math.min(ms.length - 1, Math.floor(q * ms.length))]);
  return { p50Ms: at(0.5), p99Ms: at(0.99), events: ms.length };
}
const otherServer = program('gigarouter.mjs', env);
const there = (await otherServer.until((message) => message.url !== undefined)).url;
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${String(cpus().length)} × ${cpus()[0].model}`,
  node: process.version,
  subscribers: Number(options.subscribers),
  'memory of the server': memory,
  'from a commit to the event': {
    'same server': await latency(here),
    'another server': await latency(there),
  },
};
await otherServer.stop();
await app.stop();
await postgres.stop();
rmSync(folder, { recursive: true, force: true });
print(results);
if (options.json) {
  writeFileSync(
    path.join(root, 'bench/results/live.json'),
    `${JSON.stringify(results, null, 2)}\n`,
  );
}
process.exitCode = Object.values(memory).every(({ costMb }) => costMb < 100) ? 0 : 1;
