import { readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Say } from '../app/startup.js';
import type { Config } from '../config/config.js';
import { AppError } from '../errors.js';
import { type DownloadProgress, Hub, type HubSnapshot } from '../inference/index.js';
import { runOnce } from '../predictor/run-once.js';
import {
  checkpointFiles,
  checkTokenizer,
  checkWeightHeaders,
  compile,
  type CompileOptions,
  copyCheckpoint,
  listModelFolders,
  type Manifest,
  modelFolder,
  openModel,
  verify,
  weightFiles,
} from '../siglip/index.js';
import { progressBar } from './progress.js';

const BYTES = { name: 'MB', size: 1e6 };

interface Json {
  readonly json?: true;
}

/** @throws AppError BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, UPSTREAM_UNAVAILABLE; what came is kept */
export async function pullModel(
  { modelsDir, hub: hubOptions }: Pick<Config, 'modelsDir' | 'hub'>,
  source: string,
  options: Json & { revision: string; as?: string; int8?: true; compile: boolean },
  say: Say,
): Promise<void> {
  const isFolder = /^[./~]/.test(source);
  const slug = options.as ?? (isFolder ? `local/${path.basename(path.resolve(source))}` : source);
  const folder = modelFolder(modelsDir, slug);
  let weightsSha256: ReadonlyMap<string, string> | undefined;
  if (isFolder) {
    await copyCheckpoint(path.resolve(source), folder);
  } else {
    const hub = new Hub(hubOptions);
    const bar = progressBar(say, BYTES);
    const onProgress = (at: DownloadProgress) => {
      bar({ name: at.file, done: at.bytesDone, all: at.bytesAll });
    };
    try {
      const snapshot = await hub.list(source, options.revision);
      const files = checkpointFiles(new Set(snapshot.files.map(({ name }) => name)), source);
      await hub.reserve(snapshot, folder, [...files.small, files.weights]);
      await hub.download(snapshot, folder, files.small, onProgress);
      // Judged before gigabytes are fetched for nothing.
      await checkTokenizer(folder, files);
      const weights = await weightFiles(folder, files);
      const sizes = new Map(weights.map((name) => [name, sizeOf(snapshot, name)]));
      if (!(await areThere(folder, sizes))) {
        await checkWeightHeaders(folder, files, sizes, (...range) => hub.read(snapshot, ...range));
      }
      weightsSha256 = await hub.download(snapshot, folder, weights, onProgress);
    } finally {
      await hub.close();
    }
  }
  say(`${slug} is in ${folder}.`);
  if (options.compile) {
    await compileModel(modelsDir, slug, { ...options, weightsSha256 }, say);
  } else {
    print(options, { model: slug, folder });
  }
}

/** Whether all are in the folder, by their sizes; the download compares their hashes. */
async function areThere(folder: string, sizes: ReadonlyMap<string, number>): Promise<boolean> {
  for (const [name, bytes] of sizes) {
    const found = await stat(path.join(folder, name)).catch(() => undefined);
    if (found?.size !== bytes) return false;
  }
  return true;
}

/** @throws AppError BAD_USER_INPUT for a file that the repository does not have */
function sizeOf({ repository, files }: HubSnapshot, name: string): number {
  const file = files.find((one) => one.name === name);
  if (file !== undefined) return file.bytes;
  throw new AppError('BAD_USER_INPUT', `${repository} has no file ${name}.`);
}

export async function compileModel(
  root: string,
  slug: string,
  options: Json & {
    int8?: true;
    weightBits?: string;
    huggingFace?: true;
    weightsSha256?: ReadonlyMap<string, string> | undefined;
  },
  say: Say,
): Promise<void> {
  const startedAt = performance.now();
  const bar = progressBar(say, BYTES);
  const manifest = await compile(modelFolder(root, slug), {
    int8: options.int8,
    huggingFace: options.huggingFace,
    weightsSha256: options.weightsSha256,
    weightBits: readBits(options.weightBits),
    onProgress: ({ step, doneBytes, totalBytes }) => {
      bar({ name: step, done: doneBytes, all: totalBytes });
    },
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`${slug} is compiled (${variantNames(manifest)}) after ${seconds} s.`);
  print(options, { model: slug, modelHash: manifest.modelHash, variants: manifest.variants });
}

function readBits(bits: string | undefined): CompileOptions['weightBits'] {
  if (bits === undefined || bits === '8') return 8;
  if (bits === '7') return 7;
  throw new AppError('BAD_USER_INPUT', `--weight-bits is 7 or 8, not ${bits}.`);
}

/** @throws AppError BAD_USER_INPUT that says what differs */
export async function verifyModel(
  root: string,
  slug: string,
  options: Json,
  say: Say,
): Promise<void> {
  const checks = await verify(modelFolder(root, slug), runOnce);
  for (const { name, outcome } of checks) say(`ok  ${name}: ${outcome}`);
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
    say(`There is no compiled model in ${root}. Fetch one: gigarouter models pull <owner/name>`);
  }
  for (const { model, ...facts } of models) {
    const text = 'problem' in facts ? facts.problem : `${facts.size}, ${facts.variants}`;
    process.stdout.write(`${model}  ${text}\n`);
  }
}

async function describe(root: string, slug: string) {
  try {
    const { modelHash, config, variants } = await openModel(modelFolder(root, slug));
    const side = String(config.preprocess.imageSize);
    return {
      model: slug,
      modelHash,
      size: `${side}×${side} px`,
      variants: variantNames({ variants }),
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
    throw new AppError('NOT_FOUND', `There is no ${slug} in ${root}.`, { cause });
  });
  let bytes = 0;
  for (const name of names) bytes += (await stat(path.join(folder, name))).size;
  await rm(folder, { recursive: true });
  say(`${slug} is removed; ${String(Math.round(bytes / 1e6))} MB are free again.`);
  print(options, { model: slug, bytes });
}

function print({ json }: Json, result: object): void {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
}
