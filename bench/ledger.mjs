// How many calls a second the ledger holds and captures, durably: all that a call writes (hold, capture,
// entries, lot, run, outbox, idempotency). One hot account and 1,000; with and without grouping; beside an
// interactive Prisma transaction that writes the same. Node and PostgreSQL share the machine's cores.
// `npm run bench:ledger -- --seconds 5 --rounds 3 --json`
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import { applyMigrations } from '../dist/app/startup.js';
import { readConfig } from '../dist/config/config.js';
import { CreditsService } from '../dist/credits/index.js';
import { apply } from '../dist/credits/ledger.store.js';
import { openDatabase } from '../dist/platform/database.js';
import { startEmbeddedPostgres } from '../dist/platform/embedded-postgres/index.js';
import { newId } from '../dist/platform/ids.js';
import * as interactive from './ledger-interactive.mjs';
import { median, print, round } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('Usage: npm run bench:ledger -- [--seconds 5] [--rounds 3] [--json]');
  process.exit(0);
}
const seconds = Number(options.seconds);
const rounds = Number(options.rounds);

const DETAILS = { operation: 'classifyImage', model: 'owner/name', units: [{ unit: 'IMAGE' }] };
const RESULT = { images: [{ labels: [{ label: 'a cat', score: 0.5 }] }] };
const HELD = 300_000n;
const CHARGED = 200_000n;

const folder = mkdtempSync(path.join(tmpdir(), 'gigarouter-bench-'));
chmodSync(folder, 0o755);
const postgres = await startEmbeddedPostgres(folder);
await applyMigrations(readConfig({}), postgres.url, () => undefined);
const db = openDatabase({
  url: postgres.url,
  connectionsMax: 10,
  statementTimeoutMs: 60_000,
  connectTimeoutMs: 60_000,
});
const credits = new CreditsService(db);

const holdOf = (accountId, runId) => ({
  runId,
  accountId,
  keyId: null,
  nanos: HELD,
  ttlMs: 60_000,
  idempotency: { key: runId, requestHash: Buffer.alloc(32, 1) },
  details: DETAILS,
});
const captureOf = (accountId, runId) => ({
  runId,
  accountId,
  nanos: CHARGED,
  details: { timingsMs: { infer: 12 } },
  result: RESULT,
});

/** One call: its hold and its capture, each committed. */
const WAYS = {
  grouped: async (accountId) => {
    const runId = newId('run');
    await credits.hold(holdOf(accountId, runId));
    await credits.capture(captureOf(accountId, runId));
  },
  'one statement each': async (accountId) => {
    const runId = newId('run');
    await apply(db, [], [holdOf(accountId, runId)]);
    await apply(db, [captureOf(accountId, runId)], []);
  },
  'interactive transactions': async (accountId) => {
    const runId = newId('run');
    const run = { runId, accountId, key: runId, details: DETAILS };
    if (!(await interactive.hold(db.prisma, { ...run, nanos: HELD }))) throw new Error('refused');
    await interactive.capture(db.prisma, { ...run, nanos: CHARGED, result: RESULT });
  },
};
const CALLERS = { grouped: 256, 'one statement each': 10, 'interactive transactions': 10 };

async function accounts(count) {
  const ids = Array.from({ length: count }, () => newId('acct'));
  await db.query(
    `INSERT INTO account (id, kind, name) SELECT unnest($1::text[]), 'PERSONAL', 'bench'`,
    [ids],
  );
  for (const accountId of ids) {
    await credits.grant({ accountId, nanos: 10n ** 15n, reason: 'bench', actor: 'system' });
  }
  return ids;
}

/** As many calls as go, by callers who each wait for an answer. */
async function saturate(way, ids) {
  const latencies = [];
  const startedAt = performance.now();
  const end = startedAt + seconds * 1_000;
  let next = 0;
  await Promise.all(
    Array.from({ length: CALLERS[way] }, async () => {
      while (performance.now() < end) {
        const at = performance.now();
        await WAYS[way](ids[next++ % ids.length]);
        latencies.push(performance.now() - at);
      }
    }),
  );
  return figures(latencies, performance.now() - startedAt);
}

/** Calls that come at a fixed rate, whether the ones before were answered or not. */
async function paced(way, ids, perSecond) {
  const latencies = [];
  const calls = [];
  const startedAt = performance.now();
  for (let sent = 0; sent < perSecond * seconds;) {
    const due = ((performance.now() - startedAt) / 1_000) * perSecond;
    for (; sent < due; sent++) {
      // Counted from when the call was due, so that a late start is no excuse.
      const at = startedAt + (sent / perSecond) * 1_000;
      calls.push(
        WAYS[way](ids[sent % ids.length]).then(() => latencies.push(performance.now() - at)),
      );
    }
    await sleep(1);
  }
  await Promise.all(calls);
  return figures(latencies, performance.now() - startedAt);
}

function figures(latencies, elapsedMs) {
  latencies.sort((a, b) => a - b);
  const at = (q) => round(latencies[Math.floor(latencies.length * q)] ?? NaN);
  return {
    perSecond: Math.round((latencies.length / elapsedMs) * 1_000),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
}

const combine = (all) => ({
  callsPerSecond: median(all.map(({ perSecond }) => perSecond)),
  spread: `${String(Math.min(...all.map(({ perSecond }) => perSecond)))}–${String(Math.max(...all.map(({ perSecond }) => perSecond)))}`,
  p50Ms: median(all.map(({ p50Ms }) => p50Ms)),
  p99Ms: median(all.map(({ p99Ms }) => p99Ms)),
});

const places = { 'one hot account': await accounts(1), '1,000 accounts': await accounts(1_000) };
const measured = {};
for (const way of Object.keys(WAYS)) await saturate(way, places['one hot account']);
// From here on it is as after hours: files of the log are used again.
await db.query('CHECKPOINT', []);
for (let n = 0; n < rounds; n++) {
  for (const [place, ids] of Object.entries(places)) {
    for (const way of Object.keys(WAYS)) {
      (measured[`${place}, ${way}`] ??= []).push(await saturate(way, ids));
      process.stderr.write(`round ${String(n + 1)}: ${place}, ${way}\n`);
    }
  }
}
const peaks = Object.fromEntries(
  Object.entries(measured).map(([name, all]) => [name, combine(all)]),
);
// What the full load has left to write would be in the way of what comes now.
await db.query('CHECKPOINT', []);
const halfLoad = {};
for (const [place, ids] of Object.entries(places)) {
  const rate = Math.round(peaks[`${place}, grouped`].callsPerSecond / 2);
  const all = [];
  for (let n = 0; n < rounds; n++) all.push(await paced('grouped', ids, rate));
  halfLoad[`${place}, grouped, ${String(rate)} calls/s`] = combine(all);
}
const startedAt = performance.now();
const findings = await credits.verify();
const hot = (way) => peaks[`one hot account, ${way}`].callsPerSecond;
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${String(cpus().length)} × ${cpus()[0].model}`,
  node: process.version,
  postgres: (await db.query('SHOW server_version', []))[0].server_version,
  durable: `fsync ${(await db.query('SHOW fsync', []))[0].fsync}, synchronous_commit ${(await db.query('SHOW synchronous_commit', []))[0].synchronous_commit}`,
  calls:
    'each is two commits: a hold, and a capture with entries, lot, run, outbox and idempotency',
  'at full load': peaks,
  'at half load': halfLoad,
  'hot account, grouped over interactive': round(hot('grouped') / hot('interactive transactions')),
  verify: {
    runs: String((await db.query('SELECT count(*) AS n FROM run', []))[0].n),
    seconds: round((performance.now() - startedAt) / 1_000),
    drift: findings.filter(({ broken }) => broken > 0n).length,
  },
};
await db.close();
await postgres.stop();
rmSync(folder, { recursive: true, force: true });
print(results);
if (options.json) {
  writeFileSync(
    path.resolve(import.meta.dirname, 'results/ledger.json'),
    `${JSON.stringify(results, null, 2)}\n`,
  );
}
process.exitCode = results.verify.drift === 0 ? 0 : 1;
