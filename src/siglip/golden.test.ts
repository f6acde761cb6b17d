import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseOpenClip } from './layouts/open-clip.js';
import { checkGolden, type Golden } from './golden.js';
import type { Variant } from './manifest.js';
import { Tokenizer } from './tokenizer.js';

const MICRO = path.resolve(import.meta.dirname, '../../test/fixtures/siglip-micro');
const read = (name: string) => readFileSync(path.join(MICRO, name), 'utf8');
const config = parseOpenClip(read('open_clip_config.json'));
const scoring = { logitScale: 50, logitBias: -5 };
const tokenizer = Tokenizer.parse(
  read('tokenizer.json'),
  read('tokenizer_config.json'),
  config.text,
);

/** In a plane: an embedding is an angle, in radians, and a cosine that of the difference. */
const at = (angle: number) => [Math.cos(angle), Math.sin(angle)];
/** Turned by this much, a vector of length 1 moves by `distance`. */
const turnOf = (distance: number) => 2 * Math.asin(distance / 2);
const logit = (difference: number) => scoring.logitScale * Math.cos(difference) + scoring.logitBias;

/** A reference with two texts and one image, by their angles. */
async function golden(texts: readonly [number, number], image: number): Promise<Golden> {
  const floats = new Float32Array(3 * config.preprocess.imageSize ** 2);
  const one = async (text: string, angle: number) => {
    const ids = Array.from(await tokenizer.encode([text]), Number);
    return { text, input_ids: ids, embedding: at(angle).map((value) => 3 * value) };
  };
  return {
    texts: [await one('a cat', texts[0]), await one('a dog', texts[1])],
    images: [
      {
        pixels_f32_base64: Buffer.from(floats.buffer).toString('base64'),
        embedding: at(image),
        logits: texts.map((text) => logit(image - text)),
      },
    ],
  };
}

interface Angles {
  readonly texts: readonly [number, number];
  readonly image: number;
}

/** Compares a model that gives `given` with a reference of `wanted`. */
async function check(variant: Variant, wanted: Angles, given: Angles): Promise<string> {
  const { texts, images } = await golden(wanted.texts, wanted.image);
  const answers = given.texts.values();
  return checkGolden({ config, scoring, tokenizer, variant }, { texts, images }, (tower) => {
    const angle = tower === 'image' ? given.image : (answers.next().value ?? NaN);
    return Promise.resolve(Float32Array.from(at(angle)));
  });
}

const PLAIN: Angles = { texts: [0, 2], image: 0.05 };

test.each<[Variant, number]>([
  ['fp32', 1e-5],
  ['int8', 0.1],
])('%s: an embedding may be %d off, and no more', async (variant, bound) => {
  // Of the text that is nearly where the image is: its logit hardly moves.
  const turned = (by: number): Angles => ({ ...PLAIN, texts: [turnOf(by), 2] });
  await expect(check(variant, PLAIN, turned(0.9 * bound))).resolves.toContain(variant);
  const beyond = check(variant, PLAIN, turned(1.1 * bound));
  await expect(beyond).rejects.toThrow(
    new RegExp(`"a cat": its ${variant} embedding differs from golden.json`),
  );
});

test.each<[Variant, number]>([
  ['fp32', 1e-4],
  ['int8', 0.015 * scoring.logitScale],
])('%s: a logit may be %d off, and no more', async (variant, bound) => {
  // A right angle away, where a cosine moves as much as the angle.
  const wanted: Angles = { texts: [0, Math.PI / 2], image: 0 };
  const turned = (by: number): Angles => ({ ...wanted, image: by / scoring.logitScale });
  await expect(check(variant, wanted, turned(0.9 * bound))).resolves.toContain(variant);
  const beyond = check(variant, wanted, turned(1.1 * bound));
  await expect(beyond).rejects.toThrow(
    new RegExp(`image 1: its ${variant} logits differ from golden.json`),
  );
});

describe('the text that fits an image best', () => {
  const bound = 0.015 * scoring.logitScale;
  /** On both sides of the image, the reference is `margin` nearer to the first. */
  const between = (margin: number): Angles => {
    const image = Math.asin(margin / scoring.logitScale / 2 / Math.sin(1));
    return { texts: [-1, 1], image: -image };
  };
  /** It is so much nearer to the second. */
  const swapped = (margin: number): Angles => {
    const { texts, image } = between(margin);
    return { texts, image: -image };
  };

  test('may be another where the reference itself all but hesitates', async () => {
    const margin = 0.9 * bound;
    await expect(check('int8', between(margin), swapped(0.05 * bound))).resolves.toContain('int8');
  });

  test('has to be the reference’s otherwise, whatever is near', async () => {
    const margin = 1.1 * bound;
    const given = check('int8', between(margin), swapped(0.05 * bound));
    await expect(given).rejects.toThrow(/image 1: in int8 "a dog" fits it best, .* another/);
  });

  test('may be either of two that are the same', async () => {
    const same: Angles = { texts: [0.5, 0.5], image: 0 };
    await expect(check('fp32', same, same)).resolves.toContain('fp32');
  });
});

test.each<Variant>(['fp32', 'int8'])('%s: what is no number passes nowhere', async (variant) => {
  for (const given of [
    { ...PLAIN, image: NaN },
    { ...PLAIN, texts: [0, NaN] as const },
  ]) {
    await expect(check(variant, PLAIN, given)).rejects.toThrow(/differs from golden.json/);
  }
});

test('what int8 may, fp32 may not', async () => {
  const given = { ...PLAIN, image: PLAIN.image + 0.001 };
  await expect(check('int8', PLAIN, given)).resolves.toContain('int8');
  await expect(check('fp32', PLAIN, given)).rejects.toThrow(/fp32 embedding differs/);
});
