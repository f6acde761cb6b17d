import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Say } from '../app/startup.js';
import { AppError } from '../errors.js';
import { runOnce } from '../predictor/run-once.js';
import {
  compile,
  type CompileOptions,
  listModelFolders,
  type Manifest,
  MANIFEST_FILE,
  modelFolder,
  openModel,
  verify,
  writeSelfReference,
} from '../siglip/index.js';
import { readSource } from './model-source.js';
import { type Json, print } from './print-json.js';
import { MEGABYTES, progressBar } from './progress.js';

export async function compileModel(
  root: string,
  slug: string,
  options: Json & {
    int8?: true;
    weightBits?: string;
    huggingFace?: true;
    logitScale?: string;
    logitBias?: string;
    weightsSha256?: ReadonlyMap<string, string> | undefined;
  },
  say: Say,
): Promise<void> {
  const startedAt = performance.now();
  const bar = progressBar(say, MEGABYTES);
  const manifest = await compile(modelFolder(root, slug), {
    int8: options.int8,
    huggingFace: options.huggingFace,
    weightsSha256: options.weightsSha256,
    weightBits: readBits(options.weightBits),
    run: runOnce,
    scoring: readScoring(options),
    onProgress: ({ step, doneBytes, totalBytes }) => {
      bar({ name: step, done: doneBytes, all: totalBytes });
    },
  });
  if (manifest.layout === 'ready_graphs') await tryGraphs(modelFolder(root, slug));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`Compiled ${slug} (${variantNames(manifest)}) in ${seconds} s.`);
  print(options, { model: slug, modelHash: manifest.modelHash, variants: manifest.variants });
}

/** Graphs of strangers are run once before they are served: what does not run is not left installed. */
async function tryGraphs(folder: string): Promise<void> {
  try {
    await verify(folder, runOnce);
  } catch (error) {
    await rm(path.join(folder, MANIFEST_FILE), { force: true });
    if (error instanceof AppError) throw error;
    throw new AppError(
      'BAD_USER_INPUT',
      `Its graphs do not run: ${(error as Error).message.slice(0, 500)}`,
      { cause: error },
    );
  }
}

/** What a model's card says of ready-made graphs without scores. */
function readScoring({
  logitScale: scale,
  logitBias: bias = '0',
}: {
  logitScale?: string;
  logitBias?: string;
}): CompileOptions['scoring'] {
  if (scale === undefined) return undefined;
  const [logitScale, logitBias] = [Number(scale), Number(bias)];
  if (!(logitScale > 0 && logitScale < 1e6)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `--logit-scale must be above 0 and below 1000000 (got ${scale}).`,
    );
  }
  if (!(Math.abs(logitBias) < 1e6)) {
    throw new AppError(
      'BAD_USER_INPUT',
      `--logit-bias must be between -1000000 and 1000000 (got ${bias}).`,
    );
  }
  return { logitScale, logitBias };
}

function readBits(bits: string | undefined): CompileOptions['weightBits'] {
  if (bits === undefined || bits === '8') return 8;
  if (bits === '7') return 7;
  throw new AppError('BAD_USER_INPUT', `--weight-bits must be 7 or 8 (got ${bits}).`);
}

const LAYERS = { name: 'layers', size: 1 };

/** Computes this project's own reference of a model, where there is nothing better. @throws AppError NOT_FOUND */
export async function computeReference(
  root: string,
  slug: string,
  options: Json,
  say: Say,
): Promise<void> {
  const startedAt = performance.now();
  const bar = progressBar(say, LAYERS);
  await writeSelfReference(modelFolder(root, slug), runOnce, {
    onProgress: ({ step, doneBytes, totalBytes }) => {
      bar({ name: step, done: doneBytes, all: totalBytes });
    },
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`The reference of ${slug} is computed after ${seconds} s.`);
  print(options, { model: slug });
}

/** @throws AppError BAD_USER_INPUT that says what differs */
export async function verifyModel(
  root: string,
  slug: string,
  options: Json,
  say: Say,
): Promise<void> {
  const checks = await verify(modelFolder(root, slug), runOnce);
  for (const { name, met, outcome } of checks) say(`${met ? 'ok' : 'no'}  ${name}: ${outcome}`);
  if (checks.some(({ met }) => !met)) process.exitCode = 1;
  print(options, { model: slug, checks });
}

export async function listModels(root: string, options: Json, say: Say): Promise<void> {
  const slugs = await listModelFolders(root);
  const models = await Promise.all(slugs.map((slug) => describe(root, slug)));
  if (options.json) {
    print(options, { folder: root, models });
    return;
  }
  if (models.length === 0) {
    say(`No compiled model found in ${root}. Pull one: gigarouter models pull <owner/name>`);
  }
  for (const { model, ...facts } of models) {
    const text =
      'problem' in facts
        ? facts.problem
        : [facts.size, facts.variants, facts.source?.license].filter(Boolean).join(', ');
    process.stdout.write(`${model}  ${text}\n`);
  }
}

async function describe(root: string, slug: string) {
  try {
    const folder = modelFolder(root, slug);
    const { modelHash, config, variants } = await openModel(folder);
    const source = await readSource(folder);
    const side = String(config.preprocess.imageSize);
    return {
      model: slug,
      modelHash,
      size: `${side}×${side} px`,
      variants: variantNames({ variants }),
      ...(source === undefined ? {} : { source }),
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { model: slug, problem: error.message };
  }
}

function variantNames({ variants }: Pick<Manifest, 'variants'>): string {
  return variants.int8 === undefined ? 'fp32' : 'fp32, int8';
}

/** @throws AppError NOT_FOUND when there is no such folder */
export async function removeModel(
  root: string,
  slug: string,
  options: Json,
  say: Say,
): Promise<void> {
  const folder = modelFolder(root, slug);
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new AppError('NOT_FOUND', `${slug} not found in ${root}.`, { cause });
  });
  let bytes = 0;
  for (const name of names) bytes += (await stat(path.join(folder, name))).size;
  await rm(folder, { recursive: true });
  say(`Removed ${slug}, freeing ${String(Math.round(bytes / 1e6))} MB.`);
  print(options, { model: slug, bytes });
}
