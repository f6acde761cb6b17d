// Whole governed calls over HTTP: key, limits, hold, cached embeddings of labels and image, capture,
// through GraphQL, with one api process and the demo model.
// `npm run bench:calls -- --seconds 5 --rounds 3 --json`
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { DEMO_MODEL, root, startPlatform } from './platform.mjs';
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
const platform = await startPlatform();
const { url, secret } = platform;

const image = readFileSync(path.join(root, 'models/demo-shapes/samples/green-heart.png'), 'base64');
const query = `mutation ($image: String!, $labels: [String!]!) {
  classifyImage(input: { model: "${DEMO_MODEL}", image: { base64: $image }, labels: $labels }) {
    classification { labels { label score } }
    cost { chargedNanos balanceNanos }
    userErrors { code message path }
  }
}`;
const body = JSON.stringify({
  query,
  variables: { image, labels: ['red circle', 'green heart', 'cat'] },
});
const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
const OPERATIONS = {
  'balance, for comparison': JSON.stringify({ query: '{ account { balance { postedNanos } } }' }),
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
  drift: await platform.drift(),
};
await platform.stop();
print(results);
if (options.json) {
  writeFileSync(
    path.join(root, 'bench/results/calls.json'),
    `${JSON.stringify(results, null, 2)}\n`,
  );
}
process.exitCode = results.drift === 0 ? 0 : 1;
