import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { openCheckpoint } from '../checkpoint.js';
import { type CompiledModel, openModel } from '../compiled-model.js';
import { type Golden, goldenSchema, type GraphInput } from '../golden.js';
import type { PreprocessConfig } from '../model-config.js';
import { canonicalPrompt } from '../prompt.js';
import { startProgress, type StepOptions } from '../progress.js';
import { Tokenizer } from '../tokenizer.js';
import type { RunGraph } from '../verify.js';
import { ReferenceModel } from './reference-model.js';

/** What this project's own reference computes of a checkpoint. */
const SELF_REFERENCE_FILE = 'self-reference.json';

/** Words, capitals, digits and punctuation, letters of another script, nothing, and more than any context. */
const TEXTS = [
  'a photo of a cat',
  'A photo of 2 Dogs, running!',
  'naïve café — 東京タワー',
  '',
  'a very long text '.repeat(40).trim(),
];

const fileSchema = goldenSchema.extend({
  /** Of the checkpoint that it was computed of. */
  modelHash: z.string(),
});

/**
 * Computes a picture and some texts and keeps the result beside the model, for `verify` and health checks: of a
 * checkpoint in float64, of ready-made graphs what they compute here, which is what a provider has to compute too.
 *
 * The former proves that weights are found and kernels are right; not that the configuration is read as its authors meant
 * it, as this reads it by the same description. The latter proves neither. Both are unverified alone.
 *
 * @throws AppError NOT_FOUND when the folder is not compiled
 */
export async function writeSelfReference(
  folder: string,
  run: RunGraph,
  options: StepOptions = {},
): Promise<void> {
  const model = await openModel(folder);
  const { config, modelHash, scoring } = model;
  const tokenizer = await Tokenizer.open(model.folder, config);
  const bytes = drawnPicture(config.preprocess);
  const pixels = normalized(bytes, config.preprocess);
  await using towers = await openTowers(model, run, options);
  const image = await towers.embedImage(bytes, pixels);
  const texts: Golden['texts'] = [];
  for (const text of TEXTS) {
    const prompt = canonicalPrompt({ before: '', after: '' }, text, config.textCleaning);
    const ids = await tokenizer.encode([prompt]);
    const embedding = Array.from(await towers.embedText(ids));
    texts.push({ text, input_ids: Array.from(ids, Number), embedding });
  }
  const direction = unit(image);
  const logits = texts.map(({ embedding }) => {
    const cosine = unit(embedding).reduce(
      (sum, value, at) => sum + value * (direction[at] ?? NaN),
      0,
    );
    return scoring.logitScale * cosine + scoring.logitBias;
  });
  const base64 = Buffer.from(pixels.buffer).toString('base64');
  const images = [{ pixels_f32_base64: base64, embedding: Array.from(image), logits }];
  const target = path.join(model.folder, SELF_REFERENCE_FILE);
  await writeFile(`${target}.part`, `${JSON.stringify({ modelHash, texts, images })}\n`);
  await rename(`${target}.part`, target);
}

interface Towers extends AsyncDisposable {
  embedImage(bytes: Uint8Array, pixels: Float32Array): Promise<ArrayLike<number>>;
  embedText(ids: BigInt64Array): Promise<ArrayLike<number>>;
}

async function openTowers(
  { folder, config, variants, layout }: CompiledModel,
  run: RunGraph,
  options: StepOptions,
): Promise<Towers> {
  const { image, text } = variants.fp32;
  if (layout === 'ready_graphs') {
    const embed = async (file: string, input: GraphInput) =>
      (await run(path.join(folder, file), input)).data;
    const { imageSize: side } = config.preprocess;
    return {
      embedImage: (data) => embed(image.file, { type: 'uint8', shape: [1, side, side, 3], data }),
      embedText: (data) => embed(text.file, { type: 'int64', shape: [1, data.length], data }),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const { config: whole, weights } = await openCheckpoint(folder);
  const layers = whole.vision.depth + TEXTS.length * whole.text.depth;
  const progress = startProgress('reference', layers, options);
  const model = new ReferenceModel(whole, weights, () => {
    progress(1);
  });
  return {
    embedImage: (_bytes, pixels) => model.embedImage(pixels),
    embedText: (ids) => model.embedText(Array.from(ids, Number)),
    [Symbol.asyncDispose]: () => weights.close(),
  };
}

/** @returns undefined where there is none of this very checkpoint */
export async function readSelfReference({
  folder,
  modelHash,
}: Pick<CompiledModel, 'folder' | 'modelHash'>): Promise<Golden | undefined> {
  const json = await readFile(path.join(folder, SELF_REFERENCE_FILE), 'utf8').catch(
    () => undefined,
  );
  if (json === undefined) return undefined;
  try {
    const parsed = fileSchema.safeParse(JSON.parse(json)).data;
    if (parsed?.modelHash !== modelHash) return undefined;
    return { ...parsed, file: SELF_REFERENCE_FILE };
  } catch {
    return undefined; // Half a file: as none.
  }
}

/** Smooth colors and hard edges, `[S, S, 3]`. */
function drawnPicture({ imageSize }: PreprocessConfig): Uint8Array {
  return Uint8Array.from({ length: imageSize ** 2 * 3 }, (_, at) => {
    const channel = at % 3;
    const column = Math.floor(at / 3) % imageSize;
    const row = Math.floor(at / 3 / imageSize);
    const isInside =
      (column - imageSize / 2) ** 2 + (row - imageSize / 2) ** 2 < imageSize ** 2 / 9;
    const slope = [column, row, column + row][channel] ?? 0;
    return isInside ? 255 - channel * 90 : Math.floor((slope * 200) / (2 * imageSize)) + 20;
  });
}

/** `[S, S, 3]` → `[3, S, S]`. */
function normalized(bytes: Uint8Array, { imageSize, mean, std }: PreprocessConfig): Float32Array {
  const area = imageSize ** 2;
  return Float32Array.from({ length: 3 * area }, (_, at) => {
    const channel = Math.floor(at / area);
    const value = bytes[(at % area) * 3 + channel] ?? NaN;
    return (value / 255 - (mean[channel] ?? NaN)) / (std[channel] ?? NaN);
  });
}

function unit(vector: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(vector);
  const norm = Math.hypot(...values);
  return values.map((value) => value / norm);
}
