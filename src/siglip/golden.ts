import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.js';
import type { Scoring } from './checkpoint.js';
import { describeIssue } from './describe-issue.js';
import type { Variant } from './manifest.js';
import type { CompiledModel } from './compiled-model.js';
import { canonicalPrompt } from './prompt.js';
import { labelLogits } from './scores.js';
import type { Tokenizer } from './tokenizer.js';

/** Row-major values that a graph takes; the first dimension is the batch. */
export interface GraphInput {
  readonly type: 'uint8' | 'int64';
  readonly shape: readonly number[];
  readonly data: Uint8Array | BigInt64Array;
}

/** Runs one tower of the model on one row. @returns its embedding */
export type EmbedRow = (tower: 'image' | 'text', input: GraphInput) => Promise<Float32Array>;

/** What the reference implementation made of some texts and images, beside the checkpoint. */
const GOLDEN_FILE = 'golden.json';

/** The texts are whole prompts. */
const ALONE = { before: '', after: '' };

const vector = z.array(z.number()).min(1);
export const goldenSchema = z.object({
  texts: z
    .array(z.object({ text: z.string(), input_ids: z.array(z.int()), embedding: vector }))
    .min(1),
  images: z
    .array(
      z.object({ pixels_f32_base64: z.base64(), embedding: vector, logits: z.array(z.number()) }),
    )
    .min(1),
});

export type Golden = z.output<typeof goldenSchema> & {
  /** What messages call it; `golden.json` by default. */
  readonly file?: string;
};

/**
 * @returns undefined where there is none: nobody can say whether the model's scores are right
 * @throws AppError BAD_USER_INPUT when the file is not as it should be
 */
export async function readGolden({
  folder,
}: Pick<CompiledModel, 'folder'>): Promise<Golden | undefined> {
  const json = await readFile(path.join(folder, GOLDEN_FILE), 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  return json === undefined ? undefined : parseGolden(json);
}

/**
 * The most that may differ from the reference: embeddings relative (L2), logits absolute.
 *
 * int8 differs by design. Measured at worst, 8 and 7 bits of weight: embeddings 0.039 and 0.077 (random
 * weights of width 96), 0.025 and 0.041 (random, SigLIP B/16), 0.008 and 0.006 (the trained demo model);
 * cosines 0.010, 0.002 and 0.002. With the scales of the next column in all matrices the same models are
 * off by 0.19 and more, their cosines by 0.07. A logit is a cosine times the checkpoint's scale, so that
 * the bound of logits grows with it. One wrong matrix of many may hide below: a damaged file is found by
 * its hash (`verify`). A checkpoint that eight bits do not suit is refused, which is meant.
 * Our predictor computes 8-bit products exactly on every processor (`predictor/int8-kernels.ts`). Other runtimes on
 * x86 without VNNI saturate, by 0.18 (random weights), but only 0.04 with the trained demo model, which these bounds
 * let pass: such a runtime needs 7-bit weights.
 */
function tolerancesOf(variant: Variant, { logitScale }: Scoring) {
  return variant === 'fp32'
    ? { embedding: 1e-5, logit: 1e-4 }
    : { embedding: 0.1, logit: 0.015 * logitScale };
}

/**
 * Compares what a model gives, wherever it runs, with what the reference gave: ids, embeddings, logits, and
 * which text fits each image best, unless the reference itself all but hesitates.
 *
 * @param model with the variant that `embed` runs
 * @returns the largest differences, in words
 * @throws AppError BAD_USER_INPUT that says what differs, and as `embed`
 */
export async function checkGolden(
  model: Pick<CompiledModel, 'config' | 'scoring'> & {
    readonly variant: Variant;
    readonly tokenizer: Tokenizer;
  },
  { texts, images, file = GOLDEN_FILE }: Golden,
  embed: EmbedRow,
): Promise<string> {
  const { variant, scoring, tokenizer } = model;
  const tolerances = tolerancesOf(variant, scoring);
  let worst = 0;
  const compare = async (
    tower: 'image' | 'text',
    input: GraphInput,
    wanted: readonly number[],
    of: string,
  ) => {
    const data = await embed(tower, input);
    const norm = Math.hypot(...wanted);
    const error = distance(
      data,
      wanted.map((value) => value / norm),
    );
    if (!(error <= tolerances.embedding)) {
      throw mismatch(
        `${of}: its ${variant} embedding differs from ${file} by ${error.toExponential(1)}`,
        adviceOn(variant),
      );
    }
    worst = Math.max(worst, error);
    return data;
  };

  const labels: number[] = [];
  for (const { text, input_ids: wanted, embedding } of texts) {
    const ids = await tokenizer.encode([canonicalPrompt(ALONE, text, model.config.textCleaning)]);
    if (wanted.length !== ids.length || wanted.some((id, at) => BigInt(id) !== ids[at])) {
      throw mismatch(`"${text.slice(0, 60)}": its ids differ from ${file}`);
    }
    const input: GraphInput = { type: 'int64', shape: [1, ids.length], data: ids };
    labels.push(...(await compare('text', input, embedding, `"${text.slice(0, 60)}"`)));
  }
  let worstLogit = 0;
  for (const [at, { pixels_f32_base64: pixels, embedding, logits: wanted }] of images.entries()) {
    const of = `image ${String(at + 1)}`;
    const image = await compare('image', pixelInput(model, pixels), embedding, of);
    const logits = labelLogits(image, Float32Array.from(labels), scoring);
    const error = Math.max(...wanted.map((logit, row) => Math.abs(logit - (logits[row] ?? NaN))));
    if (wanted.length !== logits.length || !(error <= tolerances.logit)) {
      throw mismatch(
        `${of}: its ${variant} logits differ from ${file} by ${error.toExponential(1)}`,
        adviceOn(variant),
      );
    }
    const best = logits.indexOf(Math.max(...logits));
    if (Math.max(...wanted) - (wanted[best] ?? NaN) > tolerances.logit) {
      const text = texts[best]?.text.slice(0, 60) ?? '';
      throw mismatch(
        `${of}: in ${variant} "${text}" fits it best, in ${file} another`,
        adviceOn(variant),
      );
    }
    worstLogit = Math.max(worstLogit, error);
  }
  const errors = `embeddings to ${worst.toExponential(1)}, logits to ${worstLogit.toExponential(1)}`;
  const counts = `${String(texts.length)} texts, ${String(images.length)} images`;
  return `${variant}: ${counts}: ids equal, ${errors}`;
}

function parseGolden(json: string): Golden {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new AppError('BAD_USER_INPUT', `${GOLDEN_FILE} is not JSON.`, { cause });
  }
  const parsed = goldenSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new AppError('BAD_USER_INPUT', `${GOLDEN_FILE}: ${describeIssue(parsed.error)}.`);
}

/** The reference's normalized floats as the bytes that they came from, [1, S, S, 3] from [3, S, S]. */
function pixelInput({ config }: Pick<CompiledModel, 'config'>, base64: string): GraphInput {
  const { imageSize, mean, std } = config.preprocess;
  const floats = new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
  const plane = imageSize * imageSize;
  if (floats.length !== 3 * plane) {
    throw new AppError('BAD_USER_INPUT', `${GOLDEN_FILE}: the pixels have a different size.`);
  }
  const data = Uint8Array.from({ length: 3 * plane }, (_, at) => {
    const channel = at % 3;
    const value = floats[channel * plane + Math.floor(at / 3)] ?? NaN;
    return Math.round((value * (std[channel] ?? NaN) + (mean[channel] ?? NaN)) * 255);
  });
  return { type: 'uint8', shape: [1, imageSize, imageSize, 3], data };
}

/** L2, relative to the second. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, length] = [0, 0];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    difference += ((a[at] ?? NaN) - (b[at] ?? NaN)) ** 2;
    length += (b[at] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / length);
}

/** The files differ from what was compiled, or are of another checkpoint. */
const DAMAGED = 'Do not serve this model; pull and compile it again.';

function adviceOn(variant: Variant): string {
  return variant === 'fp32'
    ? DAMAGED
    : 'Serve this model in fp32 (MODEL_VARIANT=fp32). Eight bits may not suit it, or a runtime other than ours computed it on a processor whose 8-bit products saturate (x86 without VNNI): compile it with --weight-bits 7 for that one. If fp32 differs too, pull and compile it again.';
}

export function mismatch(what: string, advice = DAMAGED): AppError {
  return new AppError('BAD_USER_INPUT', `${what}. ${advice}`);
}
