import { postGraphQL } from '../support/app.js';
import { brokenAtRandom, everyCut, everyFraming, type Sample } from '../support/broken-http.js';
import { type BrokenRequest, sendBroken } from '../support/broken-request.js';
import {
  apiSamples,
  cutSamples,
  HEADS,
  mailViewerSamples,
  predictorSamples,
  stripeSamples,
} from '../support/broken-samples.js';
import { type BrokenWorld, startBrokenWorld, type Victim } from '../support/broken-world.js';
import { DEMO_MODEL } from '../support/platform.js';
import { killLeftServers, until } from '../support/process.js';
import { Random } from '../support/random.js';

/*
 * Requests that no client would send, to server processes of their own: each must outlive all of them, answer others
 * meanwhile, and hold no more afterwards. `npm run test:broken` sends 10,000; BROKEN_REQUESTS and BROKEN_SEED choose.
 */

const COUNT = Number(process.env.BROKEN_REQUESTS ?? 1_500);
/** Of the smaller servers. */
const FEW = Math.ceil(COUNT / 5);
const SEED = Number(process.env.BROKEN_SEED ?? 1);
const AT_ONCE = 12;

let world: BrokenWorld;
beforeAll(async () => {
  world = await startBrokenWorld();
}, 120_000);
afterAll(async () => {
  await killLeftServers();
  await world.stop();
});

/** Sends all, some at a time; asks now and then whether the server still answers others. */
async function attack(
  port: number,
  requests: Generator<BrokenRequest>,
  check: () => Promise<void>,
): Promise<void> {
  const sent: string[] = [];
  const failures: string[] = [];
  const worker = async () => {
    for (const one of requests) {
      sent.push(one.name);
      const answer = await sendBroken(port, one);
      // What is wrong with a request is said; it is no failure of ours.
      if (/^HTTP\/1.1 500/m.test(answer)) failures.push(`${one.name}\n${answer}`);
      if (sent.length % 100 === 0) {
        await check().catch((error: unknown) => {
          const last = sent.slice(-2 * AT_ONCE).join('\n');
          throw new Error(`Seed ${String(SEED)}. The last requests were:\n${last}`, {
            cause: error,
          });
        });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await check();
  expect(failures.slice(0, 3)).toEqual([]);
}

/** What a process may hold more than before: pools that are not full at first, and code that was compiled meanwhile. */
const HANDLES_MORE = 25;
const BYTES_MORE = 12 * 2 ** 20;
/** A leak shows in what each request leaves. */
const BYTES_MORE_EACH = 500;

function expectAlive(victim: Victim): void {
  expect(victim.isAlive()).toBe(true);
  expect(victim.log()).not.toMatch(/gigarouter failed|uncaught|unhandled|unexpected error/i);
}

/** Fails unless the process lives, has failed at nothing, and holds no more after `count` requests than after a tenth. */
async function outlives(
  victim: Victim,
  port: number,
  samples: readonly Sample[],
  { count, check }: { count: number; check: () => Promise<void> },
): Promise<void> {
  const random = new Random(SEED).fork(String(samples.length));
  await attack(port, brokenAtRandom(random, samples, Math.ceil(count / 10)), check);
  const before = await victim.observe();
  await attack(port, brokenAtRandom(random, samples, count), check);
  expectAlive(victim);
  const most = BYTES_MORE + count * BYTES_MORE_EACH;
  let last: unknown;
  await until('the process to hold as little as before', async () => {
    const after = await victim.observe();
    last = { before, after };
    const more = after.handles - before.handles;
    return (more <= HANDLES_MORE && after.bytes - before.bytes <= most) || undefined;
  }).catch((cause: unknown) => {
    throw new Error(`Seed ${String(SEED)}: ${JSON.stringify(last)}`, { cause });
  });
}

const local = (port: number) => `http://127.0.0.1:${String(port)}`;

async function checkApi(): Promise<void> {
  const query = '{ models(first: 1) { totalCount } }';
  const { body } = await postGraphQL(local(world.api.port), { query });
  expect(body).toMatchObject({ data: { models: { totalCount: 21 } } });
}

test('every wrong way to frame a body, at every address: the api lives', async () => {
  await attack(world.api.port, everyFraming(HEADS), checkApi);
  expectAlive(world.api);
}, 120_000);

test('uploads, forms, events and WebSockets cut at every byte of their frames: the api lives', async () => {
  for (const [at, sample] of cutSamples(world).entries()) {
    const step = Math.ceil(sample.bytes.length / 250);
    const ending = at % 2 === 0 ? 'reset' : 'half-close';
    await attack(world.api.port, everyCut(sample, { step, ending }), checkApi);
  }
  expectAlive(world.api);
}, 120_000);

test(`the api outlives ${String(COUNT)} broken requests by HTTP, WebSocket, events and uploads, seed ${String(SEED)}`, async () => {
  const { api } = world;
  await outlives(api, api.port, apiSamples(world), { count: COUNT, check: checkApi });
}, 600_000);

test(`the predictor outlives ${String(FEW)} broken requests`, async () => {
  const { predictor } = world;
  const graph = `${DEMO_MODEL.replace('/', '--')}.fp32.text`;
  await outlives(predictor, predictor.port, predictorSamples(graph), {
    count: FEW,
    check: async () => {
      const answer = await fetch(`${local(predictor.port)}/v2/models/${graph}/ready`);
      expect(await answer.json()).toMatchObject({ ready: true });
    },
  });
  expect(predictor.log()).not.toContain('a run failed');
}, 600_000);

test(`the double of Stripe outlives ${String(FEW)} broken requests`, async () => {
  const { api, stripePort } = world;
  await outlives(api, stripePort, stripeSamples(), {
    count: FEW,
    check: async () => {
      expect(await (await fetch(local(stripePort))).text()).toContain('NO MONEY MOVES');
    },
  });
}, 600_000);

test(`the mail viewer outlives ${String(FEW)} broken requests`, async () => {
  const { api, mailViewerPort } = world;
  await outlives(api, mailViewerPort, mailViewerSamples(), {
    count: FEW,
    check: async () => {
      expect((await fetch(local(mailViewerPort))).status).toBe(200);
    },
  });
}, 600_000);
