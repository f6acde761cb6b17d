// Throughput of the catalog's operations over HTTP beside `{ __typename }` on the same server, and that
// beside Apollo's defaults. Rounds are interleaved, so that a slow minute of the machine hits all alike.
// `npm run bench -- --seconds 5 --rounds 3 --json`
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import 'reflect-metadata';
import autocannon from 'autocannon';
import { applyMigrations, seedCatalogFolder } from '../dist/app/startup.js';
import { readConfig } from '../dist/config/config.js';
import { startEmbeddedPostgres } from '../dist/platform/embedded-postgres/index.js';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('Usage: npm run bench -- [--seconds 5] [--rounds 3] [--json]');
  process.exit(0);
}
const CONNECTIONS = 32;
const SIGLIP = 'timm/ViT-SO400M-14-SigLIP-384';
const CARD = 'id slug name owner task status summary license parameters downloadsPerMonth';

/**
 * `statements` is asserted by test/e2e/catalog-statements.test.ts. With `variables`, requests take one
 * after the other, so that callers cannot share what they read.
 */
const OPERATIONS = [
  { name: '{ __typename }', statements: 0, query: '{ __typename }' },
  {
    name: 'models(first: 20)',
    statements: 1,
    query: `{ models(first: 20) { edges { cursor node { ${CARD} } } pageInfo { hasNextPage endCursor } } }`,
  },
  {
    name: 'models(first: 20), each caller another list',
    statements: 1,
    query: `query Q($max: SafeInt) { models(first: 20, filter: { parameters: { max: $max } }) {
      edges { cursor node { ${CARD} } } pageInfo { hasNextPage endCursor } } }`,
    variables: Array.from({ length: 1000 }, (_, index) => ({ max: 10 ** 12 + index })),
  },
  {
    name: 'models with totalCount and prices',
    statements: 2,
    query: `{ models(first: 20) { totalCount edges { node { ${CARD} prices { unit nanosPerUnit } } } } }`,
  },
  {
    name: 'models(search with a typo)',
    statements: 1,
    query: `{ models(first: 20, filter: { search: "siglpi" }) { edges { node { slug name } } } }`,
  },
  {
    name: 'model(slug), whole page',
    statements: 2,
    query: `{ model(slug: "${SIGLIP}") { ${CARD} about bestFor specs { label value } faq { question answer }
      snippets { title language code } prices { unit nanosPerUnit } relatedModels { slug name } } }`,
  },
  { name: 'tasks', statements: 1, query: '{ tasks { task name modelCount liveModelCount } }' },
  {
    name: 'compareModels(3)',
    statements: 1,
    query: `{ compareModels(slugs: ["${SIGLIP}", "openai/clip-vit-base-patch32", "google/siglip-base-patch16-224"]) {
      models { slug } rows { label values isDifferent } } }`,
  },
];

const folder = mkdtempSync(path.join(tmpdir(), 'gigarouter-bench-'));
chmodSync(folder, 0o755);
const postgres = await startEmbeddedPostgres(folder);
const config = readConfig({});
const quiet = () => undefined;
await applyMigrations(config, postgres.url, quiet);
await seedCatalogFolder(config, postgres.url, quiet);

const ours = await serve('gigarouter.mjs', {
  DATABASE_URL: postgres.url,
  LOG_LEVEL: 'warn',
  ANONYMOUS_PER_MINUTE: '0',
});
const apollo = await serve('apollo-default.mjs', {});
const runs = [
  {
    name: 'Apollo defaults: { __typename }',
    statements: 0,
    server: apollo,
    query: '{ __typename }',
  },
  ...OPERATIONS.map((operation) => ({ ...operation, server: ours })),
].map((run) => ({ ...run, samples: [] }));

try {
  for (const run of runs) await load(run, 2); // Warm: compiled, planned, cached documents.
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    for (const run of runs) {
      process.stderr.write(`round ${round}/${options.rounds}  ${run.name}\n`);
      run.samples.push(await load(run, Number(options.seconds)));
    }
  }
} finally {
  ours.child.kill();
  apollo.child.kill();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
report();

async function serve(script, env) {
  const child = fork(path.join(import.meta.dirname, script), {
    env: { ...process.env, NODE_ENV: 'production', ...env },
  });
  const { url } = await new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`${script} ended with ${code}`)));
  });
  return { child, url };
}

async function load({ server, query, variables = [undefined], name }, duration) {
  const bodies = variables.map((values) => JSON.stringify({ query, variables: values }));
  let sent = 0;
  const result = await autocannon({
    url: `${server.url}/graphql`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    requests: [
      {
        setupRequest: (request) => {
          sent += 1;
          return { ...request, body: bodies[sent % bodies.length] };
        },
      },
    ],
    connections: CONNECTIONS,
    duration,
    expectBody: undefined,
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${name}: ${result.non2xx} refused, ${result.errors} failed`);
  return {
    perSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function report() {
  const rows = runs.map(({ name, statements, samples }) => {
    const rates = samples.map(({ perSecond }) => perSecond);
    return {
      name,
      statements,
      perSecond: Math.round(median(rates)),
      perSecondMin: Math.round(Math.min(...rates)),
      perSecondMax: Math.round(Math.max(...rates)),
      p50Ms: median(samples.map(({ p50Ms }) => p50Ms)),
      p99Ms: median(samples.map(({ p99Ms }) => p99Ms)),
    };
  });
  const [defaults, typename, page] = rows;
  const result = {
    date: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0].model.trim()}; the load generator and PostgreSQL share them`,
    versions: { node: process.versions.node, postgresql: '18 (embedded)' },
    connections: CONNECTIONS,
    rounds: Number(options.rounds),
    secondsEach: Number(options.seconds),
    rows,
    ratios: {
      pageToTypename: Number((page.perSecond / typename.perSecond).toFixed(2)),
      typenameToApolloDefaults: Number((typename.perSecond / defaults.perSecond).toFixed(2)),
    },
  };
  writeFileSync(
    path.join(import.meta.dirname, 'results/catalog.json'),
    `${JSON.stringify(result, null, 2)}\n`,
  );
  if (options.json) {
    console.log(JSON.stringify(result));
    return;
  }
  console.log(`\n${result.machine}, Node ${result.versions.node}, ${CONNECTIONS} connections\n`);
  console.log(
    '| operation | SQL | req/s (min–max) | p50 ms | p99 ms |\n| --- | ---: | ---: | ---: | ---: |',
  );
  for (const row of rows) {
    console.log(
      `| ${row.name} | ${row.statements} | ${row.perSecond} (${row.perSecondMin}–${row.perSecondMax}) | ${row.p50Ms} | ${row.p99Ms} |`,
    );
  }
  const { pageToTypename, typenameToApolloDefaults } = result.ratios;
  console.log(`\n20-model page / { __typename }: ${pageToTypename} (goal 0.5)`);
  console.log(`{ __typename } / Apollo defaults: ${typenameToApolloDefaults} (goal 1.7)`);
}
