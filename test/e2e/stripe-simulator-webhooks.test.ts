import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import Stripe from 'stripe';
import { temporaryFolder } from '../support/folder.js';
import { until } from '../support/process.js';
import { startTill, type Till } from '../support/stripe-till.js';

/** What the double tells: signed, at least once, in no order, until somebody has it. */

const SECRET = 'whsec_of_the_first_endpoint';
const API_VERSION = '2026-10-28.endive';
interface Told {
  readonly body: string;
  readonly signature: string;
  readonly event: Stripe.Event;
}

let till: Till;
let told: Told[];
let answer: number;
let url: string;
const endpoint = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString('utf8');
    const signature = String(request.headers['stripe-signature']);
    told.push({ body, signature, event: JSON.parse(body) as Stripe.Event });
    response.writeHead(answer).end();
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${String((endpoint.address() as AddressInfo).port)}/hook`;
});
beforeEach(async () => {
  [told, answer] = [[], 200];
  till = await startTill();
  till.double.addEndpoint({ url, secret: SECRET, apiVersion: API_VERSION });
});
afterEach(() => till.double.stop());
afterAll(() => endpoint.close());

/** Something happens, of which one event is told. */
const happens = async (at = till) => {
  const session = await at.sell();
  await at.stripe.checkout.sessions.expire(session.id);
  return session.id;
};
const arrived = (times: number) =>
  until(`${String(times)} deliveries`, () => (told.length >= times ? told : undefined));
const waiting = () => Object.keys(till.double.store.deliveries).length;
const settled = () => until('nothing to send', () => (waiting() === 0 ? true : undefined));
const verify = ({ body, signature }: Told, secret = SECRET) =>
  Stripe.webhooks.constructEvent(body, signature, secret, 300, undefined, till.now() * 1_000);

test('the SDK takes the signature, and only with the right secret and the very body', async () => {
  const id = await happens();
  const [one] = await arrived(1);
  if (one === undefined) throw new Error('Nothing came.');
  const event = verify(one);
  expect(event).toMatchObject({
    type: 'checkout.session.expired',
    api_version: API_VERSION,
    livemode: false,
    data: { object: { id, status: 'expired' } },
  });
  const stored = await till.stripe.events.retrieve(event.id);
  expect({ ...event, api_version: null }).toEqual({ ...stored });
  const { StripeSignatureVerificationError } = Stripe.errors;
  expect(() => verify(one, 'whsec_other')).toThrow(StripeSignatureVerificationError);
  expect(() => verify({ ...one, body: `${one.body} ` })).toThrow(StripeSignatureVerificationError);
  till.skip(301);
  expect(() => verify(one)).toThrow('Timestamp outside the tolerance zone');
  await settled();
  expect(told).toHaveLength(1);
});

test('told again, later each time, until it is taken; each time signed anew', async () => {
  answer = 500;
  await happens();
  await arrived(1);
  for (const [at, waitS] of [1, 5, 30].entries()) {
    await until('it to be put off', () =>
      Object.values(till.double.store.deliveries).some(({ attempts }) => attempts === at + 1)
        ? true
        : undefined,
    );
    if (waitS === 30) answer = 200;
    till.skip(waitS);
    await arrived(at + 2);
  }
  await settled();
  expect(told).toHaveLength(4);
  expect(new Set(told.map(({ body }) => body)).size).toBe(1);
  expect(new Set(told.map(({ signature }) => signature)).size).toBe(4);
  const last = told.at(-1);
  expect(last && verify(last).type).toBe('checkout.session.expired');
});

test('given up in the end; the event can still be asked for', async () => {
  answer = 400;
  await happens();
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    await arrived(attempt);
    await until('it to be put off or given up', () =>
      Object.values(till.double.store.deliveries).every(({ attempts }) => attempts === attempt)
        ? true
        : undefined,
    );
    till.skip(3_600);
  }
  await settled();
  expect(told).toHaveLength(6);
  expect((await till.stripe.events.list()).data.map(({ id }) => id)).toEqual([told[0]?.event.id]);
});

test('an endpoint that is away is told when it is back, also after a restart', async () => {
  const folder = temporaryFolder();
  const file = path.join(folder.path, 'double.json');
  const first = await startTill({ file });
  first.double.webhooks.faults.hold = true;
  first.double.addEndpoint({ url, secret: SECRET, apiVersion: API_VERSION });
  await happens(first);
  await first.double.stop();
  expect(told).toEqual([]);
  const second = await startTill({ file });
  second.double.addEndpoint({ url, secret: SECRET, apiVersion: API_VERSION });
  try {
    const [one] = await arrived(1);
    expect(one?.event.type).toBe('checkout.session.expired');
  } finally {
    await second.double.stop();
    folder.remove();
  }
});

test('two endpoints are told apart, each by its own secret', async () => {
  till.double.addEndpoint({
    url: `${url}/2`,
    secret: 'whsec_of_the_second',
    apiVersion: API_VERSION,
  });
  await happens();
  await arrived(2);
  await settled();
  const takenBy = (secret: string) =>
    told.filter((one) => {
      try {
        return verify(one, secret).id !== '';
      } catch {
        return false;
      }
    }).length;
  expect([takenBy(SECRET), takenBy('whsec_of_the_second')]).toEqual([1, 1]);
});

describe('what befalls deliveries', () => {
  test('duplicate', async () => {
    till.double.webhooks.faults.duplicate = 1;
    await happens();
    await arrived(2);
    await settled();
    expect(new Set(told.map(({ event }) => event.id)).size).toBe(1);
    expect(told).toHaveLength(2);
  });

  test('drop', async () => {
    till.double.webhooks.faults.drop = 1;
    await happens();
    await settled();
    expect(told).toEqual([]);
    expect((await till.stripe.events.list()).data).toHaveLength(1);
  });

  test('delay: they overtake each other', async () => {
    const { faults } = till.double.webhooks;
    const ids = [];
    faults.hold = true;
    for (let at = 0; at < 3; at += 1) ids.push(await happens());
    // For each delivery: whether it is dropped, its delay, whether it comes twice.
    const drawn = [0.9, 0.6, 0.1].flatMap((delay) => [1, delay]);
    Object.assign(faults, { delayMs: 1_500, random: () => drawn.shift() ?? 1, hold: false });
    await arrived(3);
    const order = told.map(({ event }) => (event.data.object as { id: string }).id);
    expect(order).toEqual(ids.reverse());
  });

  test('hold: nothing is sent until it is let go', async () => {
    till.double.webhooks.faults.hold = true;
    const held = await happens();
    // Another double, which began later and holds nothing, shows that there was time to send.
    const other = await startTill();
    other.double.addEndpoint({ url, secret: SECRET, apiVersion: API_VERSION });
    const free = await happens(other);
    await arrived(1);
    await other.double.stop();
    till.double.webhooks.faults.hold = false;
    await arrived(2);
    const about = told.map(({ event }) => (event.data.object as { id: string }).id);
    expect(about).toEqual([free, held]);
  });
});
