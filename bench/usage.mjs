// How long a billing dashboard takes: all that it shows in one GraphQL query, by the largest of 100 accounts, over
// 10,000,000 calls of 90 days. Nothing of it is cached by us: the range moves by a second with each query. Also how
// fast calls are rolled up, and the same query without roll-ups. Everything runs on this machine.
// `npm run bench:usage -- --events 10000000 --queries 100 --json`; with `--folder`, what it makes there is kept, and
// used again the next time: only the queries are measured anew then.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import { KeysService } from '../dist/accounts/index.js';
import { applyMigrations } from '../dist/app/startup.js';
import { readConfig } from '../dist/config/config.js';
import { CreditsService } from '../dist/credits/index.js';
import { anonymous, SCOPES } from '../dist/platform/actor.js';
import { openDatabase } from '../dist/platform/database.js';
import { startEmbeddedPostgres } from '../dist/platform/embedded-postgres/index.js';
import { RollupsService } from '../dist/usage/index.js';
import { start } from './platform.mjs';
import { print, quantile, round } from './report.mjs';
import { ACCOUNTS, DAYS, generate } from './usage-data.mjs';

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '10000000' },
    queries: { type: 'string', default: '100' },
    folder: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(
    'Usage: npm run bench:usage -- [--events 10000000] [--queries 100] [--folder <path>] [--json]',
  );
  process.exit(0);
}
const events = Number(options.events);
const queries = Number(options.queries);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const say = (line) => process.stderr.write(`${line}\n`);

const METRICS =
  'calls errors chargedNanos cacheHits units { unit requested ran cached } latencyMs { p50 p95 p99 }';
const DASHBOARD = `query ($range: UsageRangeInput!, $zone: String!) {
  account {
    balance { postedNanos availableNanos }
    creditLots { nodes { source remainingNanos expiresAt } }
    usage(range: $range, timeZone: $zone, groupBy: [MODEL]) {
      total { ${METRICS} }
      previous { metrics { ${METRICS} } change { calls errors charged } }
      series { group { modelSlug } total { ${METRICS} } points { from to metrics { ${METRICS} } } }
    }
    topModels(range: $range) { group { modelSlug } total { calls chargedNanos } }
    topKeys(range: $range) { group { apiKey { id name } } total { calls chargedNanos } }
    creditForecast { runsOutAt nanosPerDay }
    purchases(first: 10) { edges { node { id } } }
  }
}`;

const folder = options.folder ?? mkdtempSync(path.join(tmpdir(), 'gigarouter-bench-'));
mkdirSync(folder, { recursive: true });
chmodSync(folder, 0o755);
const postgres = await startEmbeddedPostgres(folder);
const db = openDatabase({
  url: postgres.url,
  connectionsMax: 2,
  statementTimeoutMs: HOUR_MS,
  connectTimeoutMs: 60_000,
});
let api;
try {
  await applyMigrations(readConfig({}), postgres.url, () => undefined);
  const kept = await findKept();
  const made = kept === undefined ? await makeData() : undefined;
  const { largest, end } = kept ?? made;
  const actor = { ...anonymous('127.0.0.1'), accountId: largest, scopes: new Set(SCOPES) };
  const key = { name: 'bench', scopes: ['READ'] };
  const { secret } = await new KeysService(db).create(actor, largest, key);

  api = await start('gigarouter.mjs', {
    DATABASE_URL: postgres.url,
    LOG_LEVEL: 'fatal',
    DATABASE_STATEMENT_TIMEOUT_MS: '600000',
  });
  let asked = 0;
  const ask = async (zone) => {
    asked += 1;
    const midnight = Math.floor(end.getTime() / DAY_MS) * DAY_MS + DAY_MS;
    // In whole days, as a dashboard asks; another end each time.
    const to = new Date(midnight + asked * 1_000);
    const from = new Date(midnight - 30 * DAY_MS);
    const variables = { range: { from: from.toISOString(), to: to.toISOString() }, zone };
    const at = performance.now();
    const response = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
      body: JSON.stringify({ query: DASHBOARD, variables }),
    });
    const { data, errors } = await response.json();
    const ms = performance.now() - at;
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return { ms, calls: data.account.usage.total.calls };
  };
  const measure = async (zone) => {
    for (let n = 0; n < 5; n++) await ask(zone);
    const all = [];
    for (let n = 0; n < queries; n++) all.push((await ask(zone)).ms);
    const at = (share) => round(quantile(all, share));
    return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: round(Math.max(...all)) };
  };
  const dashboard = {};
  for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Kolkata']) {
    dashboard[zone] = await measure(zone);
    say(`${zone}: ${JSON.stringify(dashboard[zone])}`);
  }
  const { calls } = await ask('UTC');
  const [sizes] = await db.query(
    `SELECT (SELECT count(*) FROM usage_rollup) AS rows, pg_total_relation_size('usage_rollup') AS rollups,
            pg_total_relation_size('run') AS runs`,
    [],
  );
  // As if every roll-up were gone, for a moment.
  await db.query(
    `INSERT INTO usage_dirty (hour) SELECT start FROM usage_rolled WHERE span = 'HOUR'`,
    [],
  );
  const { ms: withoutMs, calls: callsWithout } = await ask('UTC');
  await db.query('DELETE FROM usage_dirty', []);
  const results = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${String(availableParallelism())} × ${cpus()[0].model.trim()}; the API, PostgreSQL and who asks share them`,
    load: `${loadavg()
      .map((one) => one.toFixed(1))
      .join(', ')} (1, 5 and 15 minutes, at the end)`,
    versions: {
      node: process.versions.node,
      postgresql: (await db.query('SHOW server_version', []))[0].server_version,
    },
    events: `${String(events)} calls in ${String(DAYS)} days by ${String(ACCOUNTS)} accounts; the largest has ${String(calls)} in 30 days`,
    'a dashboard, days of a time zone': dashboard,
    queries,
    'without roll-ups': { ms: round(withoutMs), sameAnswer: callsWithout === calls },
    'rolling up': {
      ...made?.rollingUp,
      rows: Number(sizes.rows),
      mbOfRollups: Math.round(Number(sizes.rollups) / 1e6),
      mbOfRuns: Math.round(Number(sizes.runs) / 1e6),
    },
  };
  print(results);
  if (options.json) {
    writeFileSync(
      path.resolve(import.meta.dirname, 'results/usage.json'),
      `${JSON.stringify(results, null, 2)}\n`,
    );
  }
} finally {
  await api?.stop();
  await db.close();
  await postgres.stop();
  if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
}

async function makeData() {
  const end = new Date();
  const { accounts, start: begin } = await generate(db, events, end, say);
  const [largest] = accounts;
  await new CreditsService(db).grant({
    accountId: largest,
    nanos: 10n ** 15n,
    reason: 'bench',
    actor: 'system',
  });
  const at = performance.now();
  const hours = await new RollupsService(db).rebuild({ from: begin }, (until) =>
    say(`rolled up to ${until.toISOString()}`),
  );
  const seconds = (performance.now() - at) / 1_000;
  await db.query('VACUUM ANALYZE', []);
  const callsPerSecond = Math.round(events / seconds);
  return { largest, end, rollingUp: { seconds: round(seconds), hours, callsPerSecond } };
}

/** What an earlier run has left in the folder. */
async function findKept() {
  const [row] = await db.query(
    `SELECT u.account_id AS largest, (SELECT max(ended_at) FROM run) AS "end" FROM usage_rollup u
      WHERE u.span = 'DAY' AND u.account_id <> 'all' GROUP BY 1 ORDER BY sum(u.calls) DESC LIMIT 1`,
    [],
  );
  return row;
}
