// Paid calls beside a flood of anonymous sign-ins: classifications of images that were never seen, each of which has to be
// decoded, at a steady rate; without and with 200 sign-ins at a time, each from an address of its own.
// `npm run bench:sign-ins -- --seconds 20 --rounds 3 --json`
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { DEMO_MODEL, root, startPlatform } from './platform.mjs';
import { median, print, quantile, round } from './report.mjs';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('Usage: npm run bench:sign-ins -- [--seconds 20] [--rounds 3] [--json]');
  process.exit(0);
}
const CALLS_PER_SECOND = 10;
const SIGN_INS_AT_ONCE = 200;
/** The most that the flood may multiply the p99 of paid calls with. */
const RATIO_MAX = 2;

const platform = await startPlatform();
const { url, secret } = platform;
const { hostname, port } = new URL(url);
const agent = new Agent({ keepAlive: true });

/** Milliseconds until the whole answer to a call is there, and its text. */
function post(body) {
  const startedAt = performance.now();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` };
  return new Promise((resolve, reject) => {
    const options = { hostname, port, path: '/graphql', method: 'POST', headers, agent };
    const sent = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      response.on('error', reject).on('end', () => {
        resolve({ ms: performance.now() - startedAt, text });
      });
    });
    sent.on('error', reject).end(body);
  });
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A picture of 1,024 × 768 that nobody has sent before, as JPEG. */
let pictures = 0;
async function picture() {
  pictures += 1;
  const [r, g, b] = [pictures & 255, (pictures >> 8) & 255, 128];
  const create = { width: 1_024, height: 768, channels: 3, background: { r, g, b } };
  return (await sharp({ create }).jpeg().toBuffer()).toString('base64');
}

const CLASSIFY = `mutation ($image: String!) {
  classifyImage(input: { model: "${DEMO_MODEL}", image: { base64: $image }, labels: ["red circle", "cat"] }) {
    classification { labels { label score } }
    userErrors { code message path }
  }
}`;

/** One call every so often, whatever becomes of those before: waiting shows, and is not hidden by fewer calls. */
async function paidCalls(seconds) {
  const bodies = [];
  for (let n = 0; n < CALLS_PER_SECOND * seconds; n++) {
    bodies.push(JSON.stringify({ query: CLASSIFY, variables: { image: await picture() } }));
  }
  const flood = flooding ? await startFlood() : undefined;
  const calls = [];
  const startedAt = performance.now();
  for (const [n, body] of bodies.entries()) {
    await pause(Math.max(0, startedAt + (n * 1_000) / CALLS_PER_SECOND - performance.now()));
    calls.push(post(body));
  }
  const answers = await Promise.all(calls);
  const failed = answers.find(({ text }) => !text.includes('"labels"'));
  if (failed !== undefined) throw new Error(failed.text);
  return { ms: answers.map(({ ms }) => ms), signIns: await flood?.stop() };
}

let flooding = false;

/** In a process of its own: what it takes of this one would be measured as the server's. */
async function startFlood() {
  const child = fork(path.join(root, 'bench/sign-in-flood.mjs'), {
    env: { PATH: process.env.PATH, URL: url, AT_ONCE: String(SIGN_INS_AT_ONCE) },
  });
  await new Promise((resolve) => child.once('message', resolve));
  await pause(2_000);
  return {
    stop: async () => {
      const ended = new Promise((resolve) => child.once('message', resolve));
      child.send('stop');
      return (await ended).outcomes;
    },
  };
}

for (flooding of [false, true]) await paidCalls(3);
const measured = { alone: [], 'beside the flood': [] };
const signIns = {};
for (let n = 0; n < Number(options.rounds); n++) {
  for (const name of Object.keys(measured)) {
    flooding = name !== 'alone';
    const { ms, signIns: outcomes = {} } = await paidCalls(Number(options.seconds));
    measured[name].push({ p50Ms: quantile(ms, 0.5), p99Ms: quantile(ms, 0.99) });
    for (const [code, count] of Object.entries(outcomes)) {
      signIns[code] = (signIns[code] ?? 0) + count;
    }
  }
}
const of = (name, field) => measured[name].map((one) => one[field]);
const row = (name) => ({
  p50Ms: round(median(of(name, 'p50Ms'))),
  p99Ms: round(median(of(name, 'p99Ms'))),
  p99Spread: `${round(Math.min(...of(name, 'p99Ms')))}–${round(Math.max(...of(name, 'p99Ms')))}`,
});
const calls = { alone: row('alone'), 'beside the flood': row('beside the flood') };
const results = {
  date: new Date().toISOString().slice(0, 10),
  machine: `${String(cpus().length)} × ${cpus()[0].model}`,
  node: process.version,
  call: `${String(CALLS_PER_SECOND)} classifications a second of images of 1,024 × 768 that were never seen; client, api, predictor and PostgreSQL share the cores`,
  flood: `${String(SIGN_INS_AT_ONCE)} sign-ins at a time, each from an address of its own, that come back after Retry-After`,
  'paid calls': calls,
  'sign-ins by outcome': signIns,
  ratio: round(calls['beside the flood'].p99Ms / calls.alone.p99Ms, 2),
  drift: await platform.drift(),
};
await platform.stop();
agent.destroy();
print(results);
if (options.json) {
  writeFileSync(
    path.join(root, 'bench/results/sign-ins.json'),
    `${JSON.stringify(results, null, 2)}\n`,
  );
}
process.exitCode = results.drift === 0 && results.ratio <= RATIO_MAX ? 0 : 1;
