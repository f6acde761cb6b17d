import fc from 'fast-check';
import { type App, createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { postGraphQL } from '../support/app.js';
import { settledCredit } from '../support/callers.js';
import { CLASSIFY, fresh } from '../support/classify.js';
import { type ModelUnit, PaidModel } from '../support/paid-model.js';
import { type PaidPlatform, picture, startPaidPlatform } from '../support/paid-units.js';
import { bearer, type Caller, DEMO_MODEL } from '../support/platform.js';

const CREDIT = 1_000_000_000n;
const model = DEMO_MODEL;

let t: PaidPlatform;
let other: App;
let servers: readonly { readonly url: string; readonly app: App }[];
beforeAll(async () => {
  t = await startPaidPlatform();
  const { modelsDir, predictorUrl, database } = t;
  const parts = { logger: t.app.logger, isCommand: true } as const;
  other = await createApp({ ...readConfig({}), modelsDir, predictorUrl }, database.url, parts);
  const url = await other.server.listen({ port: 0, host: '127.0.0.1' });
  servers = [t, { url, app: other }];
});
afterAll(async () => {
  await other.stop();
  await t.stop();
});

/** Few of everything, so that calls meet: equal ones, overlapping ones, on both servers, of both accounts. */
const PICTURES = Array.from({ length: 4 }, picture);
const LABELS = fresh(6);
const BROKEN = { base64: Buffer.from('no picture').toString('base64') };

const somePictures = fc.array(fc.nat(PICTURES.length - 1), { minLength: 1, maxLength: 3 });
const someLabels = fc.array(fc.nat(LABELS.length - 1), { minLength: 1, maxLength: 4 });

/** Undefined but for one in so many. */
const rarely = (numbers: fc.Arbitrary<number>, oneIn: number) =>
  fc.oneof(
    { weight: oneIn - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: numbers },
  );

const call = fc.record({
  account: fc.nat(1),
  server: fc.nat(1),
  kind: fc.constantFrom('classify', 'classify', 'embedTexts', 'embedImages'),
  pictures: somePictures,
  labels: someLabels,
  /** Where an image stands that is none. */
  brokenAt: rarely(fc.nat(3), 7),
  /** When the caller leaves, in milliseconds. */
  leavesMs: rarely(fc.nat(40), 3),
});
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

const wave = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 5 }),
  /** Which of the predictor's runs is cut off. */
  cut: rarely(fc.nat(4), 3),
  asked: call,
});

const isBroken = ({ kind, brokenAt }: Call) => brokenAt !== undefined && kind !== 'embedTexts';

function imagesOf({ pictures, brokenAt }: Call): object[] {
  const images: object[] = pictures.map((at) => PICTURES[at] ?? BROKEN);
  return brokenAt === undefined ? images : images.toSpliced(brokenAt, 0, BROKEN);
}

const labelsOf = ({ labels }: Call) => labels.map((at) => LABELS[at] ?? '');

function unitsOf({ kind, pictures, labels }: Call): ModelUnit[] {
  const images = pictures.map(String);
  const texts = labels.map(String);
  switch (kind) {
    case 'classify':
      return [
        ...images.map((at) => `IMAGE ${at}` as const),
        ...texts.map((at) => `LABEL_TEXT ${at}` as const),
      ];
    case 'embedTexts':
      return texts.map((at) => `EMBEDDING text ${at}` as const);
    default:
      return images.map((at) => `EMBEDDING image ${at}` as const);
  }
}

const PAYLOAD = 'cached cost { chargedNanos }';

function requestOf(one: Call, idempotencyKey: string | undefined) {
  const key = idempotencyKey === undefined ? {} : { idempotencyKey };
  switch (one.kind) {
    case 'classify':
      return {
        query: CLASSIFY,
        variables: { input: { model, images: imagesOf(one), labels: labelsOf(one), ...key } },
      };
    case 'embedTexts':
      return {
        query: `mutation ($input: EmbedTextsInput!) { embedTexts(input: $input) { ${PAYLOAD} } }`,
        variables: { input: { model, texts: labelsOf(one), ...key } },
      };
    default:
      return {
        query: `mutation ($input: EmbedImagesInput!) { embedImages(input: $input) { ${PAYLOAD} } }`,
        variables: { input: { model, images: imagesOf(one), ...key } },
      };
  }
}

/** Sends a call, and leaves when it is said to. @returns the charge; undefined when no answer came */
async function send(one: Call, caller: Caller, key: string): Promise<bigint | undefined> {
  const controller = new AbortController();
  const timer =
    one.leavesMs === undefined
      ? undefined
      : setTimeout(() => {
          controller.abort();
        }, one.leavesMs);
  try {
    const response = await fetch(`${servers[one.server]?.url ?? ''}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...bearer(caller.secret) },
      body: JSON.stringify(requestOf(one, key)),
      signal: controller.signal,
    });
    const { data } = (await response.json()) as {
      data?: Record<string, { cost: { chargedNanos: string } } | null>;
    };
    const [payload] = Object.values(data ?? {});
    return payload == null ? undefined : BigInt(payload.cost.chargedNanos);
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}

/** Keys of the calls that were charged, be it with 0, and what with. */
async function capturedOf({ accountId }: Caller): Promise<Map<string, bigint>> {
  const rows = await t.database.query<{ key: string; charged: string }>(
    `SELECT idempotency_key AS key, charged FROM run WHERE account_id = $1 AND outcome = 'CAPTURED'`,
    [accountId],
  );
  return new Map(rows.map(({ key, charged }) => [key, BigInt(charged)]));
}

/** Embeddings that the servers have computed, or tried to. */
const computed = () =>
  servers.reduce((sum, { app: { services } }) => {
    const { texts, images } = services.embeddings;
    return sum + texts.counts.misses + images.counts.misses;
  }, 0);

const sumOf = (amounts: Iterable<bigint>) => [...amounts].reduce((sum, one) => sum + one, 0n);

test('whatever callers do, each account has paid for each unit that was delivered to it, once', async () => {
  let waves = 0;
  const seen = { answered: 0, unanswered: 0, free: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(wave, { minLength: 1, maxLength: 6 }), async (scenario) => {
      const accounts = [
        { caller: await t.caller(CREDIT), model: new PaidModel() },
        { caller: await t.caller(CREDIT), model: new PaidModel() },
      ];
      for (const { calls, cut, asked } of scenario) {
        waves += 1;
        let runs = -1;
        t.gate.onRun = () => ((runs += 1) === cut ? 'cut' : 'pass');
        const computedBefore = computed();
        const sent = calls.map((one, at) => ({ ...one, key: `${String(waves)}.${String(at)}` }));
        const charges = await Promise.all(
          sent.map((one) => {
            const account = accounts[one.account];
            if (account === undefined) throw new RangeError('no such account');
            return send(one, account.caller, one.key);
          }),
        );
        t.gate.onRun = () => 'pass';
        for (const charged of charges) seen[charged === undefined ? 'unanswered' : 'answered'] += 1;
        seen.free += charges.filter((charged) => charged === 0n).length;

        for (const [index, { caller, model: paid }] of accounts.entries()) {
          const credit = await settledCredit(caller);
          const captured = await capturedOf(caller);
          const own = sent.filter(({ account }) => account === index);
          const delivered = own.filter(({ key }) => captured.has(key));
          // Who got an answer was charged what it says; who sent an image that is none was not.
          for (const [at, one] of sent.entries()) {
            if (one.account !== index) continue;
            if (charges[at] !== undefined) expect(captured.get(one.key)).toBe(charges[at]);
            if (isBroken(one)) expect(captured.has(one.key)).toBe(false);
            // What the account had paid for before is free in each of its calls.
            const charged = captured.get(one.key);
            if (charged !== undefined)
              expect(charged).toBeLessThanOrEqual(paid.costOf(unitsOf(one)));
          }
          const cost = paid.deliver(delivered.flatMap(unitsOf));
          expect(sumOf(delivered.map(({ key }) => captured.get(key) ?? 0n))).toBe(cost);
          expect(credit).toBe(CREDIT - paid.paidNanos);
        }
        // Nothing runs for a call with an image that is none.
        const couldRun = sent.filter((one) => !isBroken(one)).flatMap((one) => unitsOf(one)).length;
        expect(computed() - computedBefore).toBeLessThanOrEqual(couldRun);

        // A dry run says what the model says, on either server.
        const account = accounts[asked.account];
        if (account !== undefined) {
          const classify = { ...asked, kind: 'classify', brokenAt: undefined } as const;
          const { query, variables } = requestOf(classify, undefined);
          const { body } = await postGraphQL(
            servers[asked.server]?.url ?? '',
            { query, variables: { input: { ...variables.input, dryRun: true } } },
            bearer(account.caller.secret),
          );
          const { quote } = body.data.classifyImage;
          expect(BigInt(quote.costNanos as string)).toBe(account.model.costOf(unitsOf(classify)));
        }
      }
      await t.verify();
    }),
    { numRuns: 25, endOnFailure: true },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0);
});
