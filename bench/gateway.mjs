// Governed calls through REST (key, limits, hold, cached embedding, capture, usage) beside a gateway that
// governs nothing, and beside the least that any gateway has to do: a bare reverse proxy. Both stand in front of
// a stub that answers what we answer. In turns, on the same cores.
// `npm run bench:gateway -- --seconds 5 --rounds 5 --json`
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import autocannon from 'autocannon';
import { DEMO_MODEL, root, start, startPlatform } from './platform.mjs';
import { median, print, round } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('Usage: npm run bench:gateway -- [--seconds 5] [--rounds 5] [--json]');
  process.exit(0);
}
const CONNECTIONS = 32;

const platform = await startPlatform();
const body = JSON.stringify({ model: DEMO_MODEL, input: 'a red circle' });
const headers = {
  'content-type': 'application/json',
  authorization: `Bearer ${platform.secret}`,
};
const first = await fetch(`${platform.url}/v1/embeddings`, { method: 'POST', headers, body });
const answer = await first.text();
if (first.status !== 200) throw new Error(answer);

const stub = await start('gateway-peer.mjs', { PEER: 'stub', ANSWER: answer });
const proxy = await start('gateway-peer.mjs', { PEER: 'proxy', UPSTREAM: stub.url });
const portkey = await start('gateway-peer.mjs', { PEER: 'portkey' });

const TARGETS = {
  'stub, directly': { url: stub.url, headers },
  'bare Fastify proxy': { url: proxy.url, headers },
  'Portkey gateway (governs nothing)': {
    url: portkey.url,
    headers: {
      ...headers,
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `${stub.url}/v1`,
    },
  },
  'gigarouter (governed)': { url: platform.url, headers },
};
const load = (name, seconds) =>
  autocannon({
    url: `${TARGETS[name].url}/v1/embeddings`,
    method: 'POST',
    headers: TARGETS[name].headers,
    body,
    connections: CONNECTIONS,
    duration: seconds,
  });

const measured = {};
for (const name of Object.keys(TARGETS)) await load(name, 3);
for (let n = 0; n < Number(options.rounds); n++) {
  for (const name of Object.keys(TARGETS)) {
    const { requests, latency, non2xx, errors } = await load(name, Number(options.seconds));
    if (non2xx > 0 || errors > 0) throw new Error(`${name}: ${String(non2xx + errors)} failed`);
    (measured[name] ??= []).push({
      perSecond: requests.average,
      p50Ms: latency.p50,
      p99Ms: latency.p99,
    });
  }
}
const of = (name, field) => measured[name].map((one) => one[field]);
const base = (field) => median(of('stub, directly', field));
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${String(cpus().length)} × ${cpus()[0].model}`,
  node: process.version,
  peers:
    '@portkey-ai/gateway 1.15.2 with hono 4.11.0, as it fails with newer ones; @fastify/http-proxy',
  call: 'POST /v1/embeddings, one text that is cached; load generator, gateway, stub and PostgreSQL share the cores',
  connections: CONNECTIONS,
  rounds: `${options.rounds} of ${options.seconds} s, in turns`,
  gateways: Object.fromEntries(
    Object.keys(measured).map((name) => [
      name,
      {
        requestsPerSecond: Math.round(median(of(name, 'perSecond'))),
        spread: `${String(Math.round(Math.min(...of(name, 'perSecond'))))}–${String(Math.round(Math.max(...of(name, 'perSecond'))))}`,
        p50Ms: median(of(name, 'p50Ms')),
        p99Ms: median(of(name, 'p99Ms')),
        addedP50Ms: round(median(of(name, 'p50Ms')) - base('p50Ms')),
        addedP99Ms: round(median(of(name, 'p99Ms')) - base('p99Ms')),
      },
    ]),
  ),
  drift: await platform.drift(),
};
for (const peer of [proxy, portkey, stub, platform]) await peer.stop();
print(results);
if (options.json) {
  writeFileSync(
    path.join(root, 'bench/results/gateway.json'),
    `${JSON.stringify(results, null, 2)}\n`,
  );
}
process.exitCode = results.drift === 0 ? 0 : 1;
