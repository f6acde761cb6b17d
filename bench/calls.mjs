// Whole governed calls over HTTP: key, limits, hold, cached embeddings of labels and image, capture,
// through GraphQL, with one api process and the demo model.
// `npm run bench:calls -- --seconds 5 --rounds 3 --json`
import { fork } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import autocannon from 'autocannon';
import { KeysService } from '../dist/accounts/index.js';
import {
  bringUpCatalog,
  bringUpMigrations,
  createPredictorChild,
  DEMO_MODEL,
} from '../dist/bring-up.js';
import { readConfig } from '../dist/config.js';
import { CreditsService } from '../dist/credits/index.js';
import { anonymous, SCOPES } from '../dist/platform/actor.js';
import { systemClock } from '../dist/platform/clock.js';
import { openDatabase } from '../dist/platform/database.js';
import { startEmbeddedPostgres } from '../dist/platform/embedded-postgres/index.js';
import { newId } from '../dist/platform/ids.js';
import { createLogger } from '../dist/platform/logger.js';
import { compile } from '../dist/siglip/index.js';
import { median, print } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('Usage: npm run bench:calls -- [--seconds 5] [--rounds 3] [--json]');
  process.exit(0);
}
const CONNECTIONS = 64;
const root = path.resolve(import.meta.dirname, '..');
const folder = mkdtempSync(path.join(tmpdir(), 'gigarouter-bench-'));
chmodSync(folder, 0o755);
const modelsDir = path.join(folder, 'models');
cpSync(path.join(root, 'models/demo-shapes'), path.join(modelsDir, DEMO_MODEL), {
  recursive: true,
});
await compile(path.join(modelsDir, DEMO_MODEL), { int8: false });
const postgres = await startEmbeddedPostgres(folder);
const config = readConfig({});
await bringUpMigrations(config, postgres.url, () => undefined);
await bringUpCatalog(config, postgres.url, () => undefined);
const logger = createLogger('fatal');
const predictor = createPredictorChild(config, logger, {
  MODELS_DIR: modelsDir,
  PREDICTOR_THREADS: '1',
});
await predictor.start();

const db = openDatabase({
  url: postgres.url,
  connectionsMax: 2,
  statementTimeoutMs: 60_000,
  connectTimeoutMs: 3_000,
});
const credits = new CreditsService(db);
const accountId = newId('acct');
await db.query(`INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', 'bench')`, [
  accountId,
]);
await credits.grant({ accountId, nanos: 10n ** 15n, reason: 'bench', actor: 'system' });
const actor = { ...anonymous('127.0.0.1'), accountId, scopes: new Set(SCOPES) };
const { secret } = await new KeysService(db, systemClock).create(actor, accountId, {
  name: 'bench',
  scopes: ['INFERENCE', 'READ'],
});

const child = fork(path.join(root, 'bench/gigarouter.mjs'), {
  env: {
    PATH: process.env.PATH,
    DATABASE_URL: postgres.url,
    MODELS_DIR: modelsDir,
    PREDICTOR_URL: predictor.address().url,
    RATE_PER_MINUTE: '10000000',
    CONCURRENCY_MAX: '1000',
    LOG_LEVEL: 'fatal',
  },
});
const { url } = await new Promise((resolve) => child.once('message', resolve));

const image = readFileSync(path.join(root, 'models/demo-shapes/samples/green-heart.png'), 'base64');
const query = `mutation ($image: String!, $labels: [String!]!) {
  classifyImage(input: { model: "${DEMO_MODEL}", image: { base64: $image }, labels: $labels }) {
    classification { labels { label score } } cost { chargedNanos balanceNanos } } }`;
const body = JSON.stringify({
  query,
  variables: { image, labels: ['red circle', 'green heart', 'cat'] },
});
const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
const OPERATIONS = {
  'balance, for comparison': JSON.stringify({ query: '{ balance { postedNanos } }' }),
  classifyImage: body,
};
const first = await (await fetch(`${url}/graphql`, { method: 'POST', headers, body })).json();
if (first.data?.classifyImage === undefined) throw new Error(JSON.stringify(first));

const load = (operation, seconds) =>
  autocannon({
    url: `${url}/graphql`,
    method: 'POST',
    headers,
    body: OPERATIONS[operation],
    connections: CONNECTIONS,
    duration: seconds,
  });
const measured = {};
for (const operation of Object.keys(OPERATIONS)) await load(operation, 2);
for (let n = 0; n < Number(options.rounds); n++) {
  for (const operation of Object.keys(OPERATIONS)) {
    const { requests, latency, non2xx, errors } = await load(operation, Number(options.seconds));
    if (non2xx > 0 || errors > 0)
      throw new Error(`${operation}: ${String(non2xx + errors)} failed`);
    (measured[operation] ??= []).push({
      perSecond: requests.average,
      p50Ms: latency.p50,
      p99Ms: latency.p99,
    });
  }
}
const findings = await credits.verify();
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${String(cpus().length)} × ${cpus()[0].model}`,
  node: process.version,
  call: 'key, limits, hold, cached embeddings of an image and 3 labels, capture; GraphQL; client, api and PostgreSQL share the cores',
  connections: CONNECTIONS,
  'whole calls': Object.fromEntries(
    Object.entries(measured).map(([name, all]) => {
      const of = (field) => all.map((one) => one[field]);
      return [
        name,
        {
          requestsPerSecond: Math.round(median(of('perSecond'))),
          spread: `${String(Math.round(Math.min(...of('perSecond'))))}–${String(Math.round(Math.max(...of('perSecond'))))}`,
          p50Ms: median(of('p50Ms')),
          p99Ms: median(of('p99Ms')),
        },
      ];
    }),
  ),
  drift: findings.filter(({ broken }) => broken > 0n).length,
};
child.disconnect();
await new Promise((resolve) => child.once('exit', resolve));
await db.close();
await predictor.stop();
await postgres.stop();
rmSync(folder, { recursive: true, force: true });
print(results);
if (options.json) {
  writeFileSync(
    path.join(root, 'bench/results/calls.json'),
    `${JSON.stringify(results, null, 2)}\n`,
  );
}
process.exitCode = results.drift === 0 ? 0 : 1;
