import { readFile } from 'node:fs/promises';
import type { Say } from '../app/startup.js';
import type { Config } from '../config/config.js';
import { AppError } from '../errors.js';
import { ClassificationService, EmbeddingService, ModelService } from '../inference/index.js';
import { PredictorClient } from '../predictor/client.js';
import { listModelFolders, type Variant } from '../siglip/index.js';
import { reachPredictor } from './reach-predictor.js';
import { scoreTable } from './score-table.js';

interface Options {
  readonly labels: string;
  readonly model?: string;
  readonly variant: string;
  readonly template?: string;
  readonly threshold: string;
  readonly json?: true;
}

const TIMEOUT_MS = 120_000;
const CACHE_BYTES = 64 * 2 ** 20;

/** Scores each image; one that cannot be read is reported, and the others go on. */
export async function classify(
  config: Config,
  images: readonly string[],
  options: Options,
  say: Say,
): Promise<void> {
  const variant = readVariant(options.variant);
  const threshold = readThreshold(options.threshold);
  const labels = options.labels.split(',').map((label) => label.trim());
  const store = new ModelService(config.modelsDir, variant);
  const model = await store.get(options.model ?? (await onlyModel(config.modelsDir)));
  if (model.variant !== variant) throw notCompiled(model.slug, variant);

  const { address, stop } = await reachPredictor(config, variant);
  const client = new PredictorClient(address);
  const embeddings = new EmbeddingService(
    { of: () => client },
    {
      textCacheBytesMax: CACHE_BYTES,
      imageCacheBytesMax: CACHE_BYTES,
      timeoutMs: TIMEOUT_MS,
    },
  );
  const service = new ClassificationService(embeddings);
  try {
    const results = [];
    for (const file of images) {
      try {
        const image = await readImage(file);
        const { template } = options;
        const request = { model, image, labels, template, threshold };
        const { ranked, margin, noneOfTheAbove, warnings } = await service.classify(request);
        // Of the labels, which are the same for all images.
        if (results.length === 0) for (const { message } of warnings) say(`Warning: ${message}`);
        const scores = ranked.map(({ index, ...score }) => ({ label: labels[index], ...score }));
        results.push({ image: file, scores, margin, noneOfTheAbove, warnings });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        say(`${file}: ${error.message}`);
        process.exitCode = 1;
      }
    }
    if (options.json) process.stdout.write(`${JSON.stringify({ model: model.slug, results })}\n`);
    else for (const result of results) process.stdout.write(scoreTable(result));
  } finally {
    await client.close();
    await stop();
  }
}

async function onlyModel(root: string): Promise<string> {
  const [first, ...others] = await listModelFolders(root);
  if (first !== undefined && others.length === 0) return first;
  throw new AppError(
    'BAD_USER_INPUT',
    first === undefined
      ? `No compiled model found in ${root}. Pull one: gigarouter models pull <owner/name>`
      : `Choose one with --model: ${[first, ...others].join(', ')}.`,
  );
}

async function readImage(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw new AppError('BAD_USER_INPUT', 'Cannot read the file.', { cause });
  });
}

function readVariant(name: string): Variant {
  if (name === 'fp32' || name === 'int8') return name;
  throw new AppError('BAD_USER_INPUT', `--variant must be fp32 or int8 (got ${name}).`);
}

function notCompiled(slug: string, variant: Variant): AppError {
  const advice = `gigarouter models compile ${slug} --${variant}`;
  return new AppError('BAD_USER_INPUT', `${slug} has no ${variant}: ${advice}`);
}

function readThreshold(text: string): number {
  const threshold = Number(text);
  if (threshold >= 0 && threshold <= 1) return threshold;
  throw new AppError('BAD_USER_INPUT', `--threshold must be between 0 and 1 (got ${text}).`);
}
