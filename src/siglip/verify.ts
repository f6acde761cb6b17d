import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.js';
import { describeIssue } from './describe-issue.js';
import type { ManifestFile, ManifestGraph, ManifestVariant } from './manifest.js';
import { type CompiledModel, openModel } from './model.js';
import { canonicalPrompt } from './prompt.js';
import { labelLogits } from './scores.js';
import { Tokenizer } from './tokenizer.js';

/** Row-major values that a graph takes; the first dimension is the batch. */
export interface GraphInput {
  readonly type: 'uint8' | 'int64';
  readonly shape: readonly number[];
  readonly data: Uint8Array | BigInt64Array;
}

/** Loads the ONNX file and runs it once: its one input, its one output. */
export type RunGraph = (
  file: string,
  input: GraphInput,
) => Promise<{ readonly data: Float32Array }>;

export interface VerifyCheck {
  readonly name: 'files' | 'self-test' | 'golden';
  readonly outcome: string;
}

const GOLDEN_FILE = 'golden.json';

/** The most that may differ from the reference: embeddings relative (L2), logits absolute. */
const EMBEDDING_ERROR_MAX = 1e-5;
const LOGIT_ERROR_MAX = 1e-4;
/** The most that a row may differ from itself in another batch, relative (L2). */
const BATCH_ERROR_MAX = 1e-5;

/** The texts are whole prompts. */
const ALONE = { before: '', after: '' };

const vector = z.array(z.number()).min(1);
const goldenSchema = z.object({
  texts: z.array(z.object({ text: z.string(), input_ids: z.array(z.int()), embedding: vector })),
  images: z.array(
    z.object({ pixels_f32_base64: z.base64(), embedding: vector, logits: z.array(z.number()) }),
  ),
});

/**
 * Checks a compiled model thoroughly: every file against its hash, that the graphs run and treat each row
 * alike, and, where a `golden.json` lies beside them, that they give what the reference gives.
 *
 * @throws AppError BAD_USER_INPUT that says what differs; NOT_FOUND when the folder is not compiled
 */
export async function verify(folder: string, run: RunGraph): Promise<VerifyCheck[]> {
  const model = await openModel(folder);
  const checks = [await verifyFiles(model), await selfTest(model, run)];
  const golden = await readFile(path.join(model.folder, GOLDEN_FILE), 'utf8').catch(
    () => undefined,
  );
  return golden === undefined ? checks : [...checks, await verifyGolden(model, golden, run)];
}

async function verifyFiles({ folder, weights, variants }: CompiledModel): Promise<VerifyCheck> {
  const files: ManifestFile[] = [weights];
  for (const { image, text, data } of [variants.fp32, ...(variants.int8 ? [variants.int8] : [])]) {
    files.push(image, text, ...(data ? [data] : []));
  }
  let bytes = 0;
  for (const file of files) {
    if ((await hashOf(path.join(folder, file.file))) !== file.sha256) {
      throw mismatch(`${file.file} is not what was compiled: its SHA-256 differs`);
    }
    bytes += file.bytes;
  }
  const amount = `${String(files.length)} files, ${(bytes / 1e6).toFixed(1)} MB`;
  return { name: 'files', outcome: `${amount}, as compiled` };
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

async function selfTest(model: CompiledModel, run: RunGraph): Promise<VerifyCheck> {
  const { variants } = model;
  const all = { fp32: variants.fp32, ...(variants.int8 ? { int8: variants.int8 } : {}) };
  for (const [name, variant] of Object.entries(all)) {
    await testRows(`${name} image`, model, variant, 'image', run);
    await testRows(`${name} text`, model, variant, 'text', run);
  }
  return { name: 'self-test', outcome: `${Object.keys(all).join(', ')}: finite, of length 1` };
}

/** Two different rows, together and alone: all finite, of length 1, and the same where rows do not mix. */
async function testRows(
  name: string,
  model: CompiledModel,
  variant: ManifestVariant,
  tower: 'image' | 'text',
  run: RunGraph,
): Promise<void> {
  const file = path.join(model.folder, variant[tower].file);
  const rows = [exampleRow(model, tower, 1), exampleRow(model, tower, 2)] as const;
  const embed = async (which: readonly GraphInput[]) => (await run(file, stack(which))).data;
  const alone = [await embed([rows[0]]), await embed([rows[1]])] as const;
  for (const embedding of alone) {
    const length = Math.hypot(...embedding);
    if (!(Math.abs(length - 1) < 1e-4)) {
      throw mismatch(`${name}: an embedding has length ${String(length)}, not 1`);
    }
  }
  if (!variant.rowsAreIndependent) return;
  const together = await embed(rows);
  const error = distance(together, [...alone[0], ...alone[1]]);
  if (!(error <= BATCH_ERROR_MAX)) {
    throw mismatch(
      `${name}: a row in a batch differs from itself alone by ${error.toExponential(1)}`,
    );
  }
}

async function verifyGolden(
  model: CompiledModel,
  json: string,
  run: RunGraph,
): Promise<VerifyCheck> {
  const { texts, images } = parseGolden(json);
  const { fp32 } = model.variants;
  const tokenizer = await Tokenizer.open(model.folder, model.config.text);
  let worst = 0;
  const embed = async (graph: ManifestGraph, input: GraphInput, wanted: number[], of: string) => {
    const { data } = await run(path.join(model.folder, graph.file), input);
    const norm = Math.hypot(...wanted);
    const error = distance(
      data,
      wanted.map((value) => value / norm),
    );
    if (!(error <= EMBEDDING_ERROR_MAX)) {
      throw mismatch(
        `${of}: its embedding differs from ${GOLDEN_FILE} by ${error.toExponential(1)}`,
      );
    }
    worst = Math.max(worst, error);
    return data;
  };

  const labels: number[] = [];
  for (const { text, input_ids: wanted, embedding } of texts) {
    const ids = await tokenizer.encode([canonicalPrompt(ALONE, text)]);
    if (wanted.length !== ids.length || wanted.some((id, at) => BigInt(id) !== ids[at])) {
      throw mismatch(`"${text.slice(0, 60)}": its ids differ from ${GOLDEN_FILE}`);
    }
    const input: GraphInput = { type: 'int64', shape: [1, ids.length], data: ids };
    labels.push(...(await embed(fp32.text, input, embedding, `"${text.slice(0, 60)}"`)));
  }
  let worstLogit = 0;
  for (const [at, { pixels_f32_base64: pixels, embedding, logits: wanted }] of images.entries()) {
    const of = `image ${String(at + 1)}`;
    const image = await embed(fp32.image, pixelInput(model, pixels), embedding, of);
    const logits = labelLogits(image, Float32Array.from(labels), model.scoring);
    const error = Math.max(...wanted.map((logit, row) => Math.abs(logit - (logits[row] ?? NaN))));
    if (wanted.length !== logits.length || !(error <= LOGIT_ERROR_MAX)) {
      throw mismatch(`${of}: its logits differ from ${GOLDEN_FILE} by ${error.toExponential(1)}`);
    }
    worstLogit = Math.max(worstLogit, error);
  }
  const errors = `embeddings to ${worst.toExponential(1)}, logits to ${worstLogit.toExponential(1)}`;
  const counts = `${String(texts.length)} texts, ${String(images.length)} images`;
  return { name: 'golden', outcome: `${counts}: ids equal, ${errors}` };
}

function parseGolden(json: string): z.output<typeof goldenSchema> {
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

/** The reference's normalised floats as the bytes that they came from, [1, S, S, 3] from [3, S, S]. */
function pixelInput({ config }: CompiledModel, base64: string): GraphInput {
  const { imageSize, mean, std } = config.preprocess;
  const floats = new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
  const plane = imageSize * imageSize;
  if (floats.length !== 3 * plane) {
    throw new AppError('BAD_USER_INPUT', `${GOLDEN_FILE}: its pixels are of another size.`);
  }
  const data = Uint8Array.from({ length: 3 * plane }, (_, at) => {
    const channel = at % 3;
    const value = floats[channel * plane + Math.floor(at / 3)] ?? NaN;
    return Math.round((value * (std[channel] ?? NaN) + (mean[channel] ?? NaN)) * 255);
  });
  return { type: 'uint8', shape: [1, imageSize, imageSize, 3], data };
}

/** Pixels or ids that differ with the seed. */
function exampleRow({ config }: CompiledModel, tower: 'image' | 'text', seed: number): GraphInput {
  if (tower === 'image') {
    const side = config.preprocess.imageSize;
    const data = Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * 31 * seed) % 256);
    return { type: 'uint8', shape: [1, side, side, 3], data };
  }
  const { contextLength, vocabSize } = config.text;
  const ids = Array.from({ length: contextLength }, (_, at) => BigInt((at * seed + 1) % vocabSize));
  return { type: 'int64', shape: [1, contextLength], data: BigInt64Array.from(ids) };
}

function stack(rows: readonly GraphInput[]): GraphInput {
  const [first] = rows;
  if (first === undefined) throw new RangeError('There are no rows.');
  const shape = [rows.length, ...first.shape.slice(1)];
  const data =
    first.data instanceof Uint8Array
      ? Uint8Array.from(rows.flatMap((row) => Array.from(row.data as Uint8Array)))
      : BigInt64Array.from(rows.flatMap((row) => Array.from(row.data as BigInt64Array)));
  return { type: first.type, shape, data };
}

/** L2, relative to the second. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, length] = [0, 0];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    difference += ((a[at] ?? NaN) - (b[at] ?? NaN)) ** 2;
    length += (b[at] ?? NaN) ** 2;
  }
  return Math.sqrt(difference / length);
}

function mismatch(what: string): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    `${what}. Do not serve this model; pull and compile it anew.`,
  );
}
