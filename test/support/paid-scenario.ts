import fc from 'fast-check';
import { CLASSIFY, fresh } from './classify.js';
import { type ModelUnit, reservedFor } from './paid-model.js';
import { picture } from './paid-units.js';
import { DEMO_MODEL } from './platform.js';

const model = DEMO_MODEL;

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
  /** Position of an image that cannot be decoded. */
  brokenAt: rarely(fc.nat(3), 7),
  /** When the caller disconnects, in milliseconds. */
  leavesMs: rarely(fc.nat(40), 3),
});
export type ScenarioCall = typeof call extends fc.Arbitrary<infer T> ? T : never;

/**
 * What an account is topped up to, where it has less: enough to reserve all of its calls of the wave, enough for any
 * single one, or a nano-dollar less than the smallest one needs.
 */
const topUp = fc.record({
  to: fc.constantFrom('nothing', 'nothing', 'all', 'one', 'short'),
  /** Granted while the calls are in flight, not before. */
  beside: fc.boolean(),
});
export type TopUp = typeof topUp extends fc.Arbitrary<infer T> ? T : never;

/** Calls at once, after a dry run and top-ups. */
const wave = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 5 }),
  /** Which of the predictor's runs is cut off. */
  cut: rarely(fc.nat(4), 3),
  topUps: fc.tuple(topUp, topUp),
  /** Calls of the wave before that were refused, or whose caller disconnected, are sent again under their keys. */
  sendsAgain: fc.boolean(),
  quoted: call,
});

export const scenario = fc.record({
  /** What each account begins with, in nano-USD: from nothing to more than it can use. */
  credit: fc.tuple(
    fc.constantFrom(0n, 250_000n, 1_000_000n, 1_000_000_000n),
    fc.constantFrom(0n, 250_000n, 1_000_000n, 1_000_000_000n),
  ),
  waves: fc.array(wave, { minLength: 1, maxLength: 6 }),
});

export const isBroken = ({ kind, brokenAt }: ScenarioCall) =>
  brokenAt !== undefined && kind !== 'embedTexts';

function imagesOf({ pictures, brokenAt }: ScenarioCall): object[] {
  const images: object[] = pictures.map((at) => PICTURES[at] ?? BROKEN);
  return brokenAt === undefined ? images : images.toSpliced(brokenAt, 0, BROKEN);
}

const labelsOf = ({ labels }: ScenarioCall) => labels.map((at) => LABELS[at] ?? '');

/** Units of an answer, in the model's names. */
export function unitsOf({ kind, pictures, labels }: ScenarioCall): ModelUnit[] {
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

/** Credit that has to be there for a call, in nano-USD; for an image that cannot be decoded as well. */
export function neededFor(one: ScenarioCall): bigint {
  const unit = one.kind === 'classify' ? 'IMAGE' : 'EMBEDDING';
  return reservedFor([...unitsOf(one), ...(isBroken(one) ? [`${unit} broken` as const] : [])]);
}

/** Credit that a top-up leaves an account with, if it has less. */
export function targetOf({ to }: TopUp, calls: readonly ScenarioCall[]): bigint {
  const needs = calls.map(neededFor).toSorted((a, b) => Number(a - b));
  switch (to) {
    case 'all':
      return needs.reduce((sum, one) => sum + one, 0n);
    case 'one':
      return needs.at(-1) ?? 0n;
    case 'short':
      return (needs[0] ?? 1n) - 1n;
    default:
      return 0n;
  }
}

const PAYLOAD = 'cached cost { chargedNanos originalNanos }';

/** A request in GraphQL. @param more of its input, such as `idempotencyKey` */
export function requestOf(one: ScenarioCall, more: object) {
  switch (one.kind) {
    case 'classify':
      return {
        query: CLASSIFY,
        variables: { input: { model, images: imagesOf(one), labels: labelsOf(one), ...more } },
      };
    case 'embedTexts':
      return {
        query: `mutation ($input: EmbedTextsInput!) { embedTexts(input: $input) { ${PAYLOAD} userErrors { code message path details } } }`,
        variables: { input: { model, texts: labelsOf(one), ...more } },
      };
    default:
      return {
        query: `mutation ($input: EmbedImagesInput!) { embedImages(input: $input) { ${PAYLOAD} userErrors { code message path details } } }`,
        variables: { input: { model, images: imagesOf(one), ...more } },
      };
  }
}
