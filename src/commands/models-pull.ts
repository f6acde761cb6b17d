import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Say } from '../app/startup.js';
import type { Config } from '../config/config.js';
import { AppError } from '../errors.js';
import { Hub, type HubSnapshot } from '../inference/index.js';
import {
  checkpointFiles,
  type CheckpointFiles,
  checkScoring,
  checkTokenizer,
  checkWeightHeaders,
  copyCheckpoint,
  modelFolder,
  openModel,
  readReference,
  weightFiles,
} from '../siglip/index.js';
import { writeSource } from './model-source.js';
import { compileModel, computeReference } from './models-files.js';
import { type Json, print } from './print-json.js';
import { MEGABYTES, progressBar } from './progress.js';

type Models = Pick<Config, 'modelsDir' | 'hub'>;

export interface PullOptions extends Json {
  readonly revision: string;
  readonly as?: string;
  readonly int8?: true;
  readonly compile: boolean;
  /** False: this project's own reference is not computed, which takes minutes for a large model. */
  readonly reference?: boolean;
  readonly dryRun?: true;
  readonly logitScale?: string;
  readonly logitBias?: string;
}

/** @throws AppError BAD_USER_INPUT, NOT_FOUND, FORBIDDEN, UPSTREAM_UNAVAILABLE; what came is kept */
export async function pullModel(
  config: Models,
  source: string,
  options: PullOptions,
  say: Say,
): Promise<void> {
  const isFolder = /^[./~]/.test(source);
  if (options.dryRun) {
    if (isFolder)
      throw new AppError('BAD_USER_INPUT', '--dry-run is available only for models of the Hub.');
    await tryModel(config, source, options, say);
    return;
  }
  const slug = options.as ?? (isFolder ? `local/${path.basename(path.resolve(source))}` : source);
  const folder = modelFolder(config.modelsDir, slug);
  let weightsSha256: ReadonlyMap<string, string> | undefined;
  if (isFolder) await copyCheckpoint(path.resolve(source), folder, options.int8);
  else weightsSha256 = await download(config, source, { ...options, folder }, say);
  say(`Saved ${slug} in ${folder}.`);
  if (options.compile) {
    await compileModel(config.modelsDir, slug, { ...options, weightsSha256 }, say);
    const model = await openModel(folder);
    if (options.reference !== false && (await readReference(model)) === undefined) {
      await computeReference(config.modelsDir, slug, {}, say);
    }
  } else {
    print(options, { model: slug, folder });
  }
}

/** @returns SHA-256 of each file of weights, in hex */
async function download(
  config: Models,
  repository: string,
  { revision, folder, int8, logitScale }: PullOptions & { readonly folder: string },
  say: Say,
): Promise<ReadonlyMap<string, string>> {
  const hub = new Hub(config.hub);
  try {
    const snapshot = await hub.list(repository, revision);
    const { commit, license } = snapshot;
    say(`${repository} at ${commit.slice(0, 12)}, license: ${license ?? 'not stated'}.`);
    const files = checkpointFiles(namesOf(snapshot), repository);
    checkScoring(files, logitScale !== undefined);
    const early = 'weights' in files ? [files.weights] : await weightFiles(folder, files, int8);
    await hub.reserve(snapshot, folder, [...files.small, ...early]);
    const sizes = await judge(hub, snapshot, files, { folder, int8 });
    const bar = progressBar(say, MEGABYTES);
    const doneOf = new Map<string, number>();
    const all = sum(sizes.values());
    const hashes = await hub.download(
      snapshot,
      folder,
      [...sizes.keys()],
      ({ file, bytesDone }) => {
        doneOf.set(file, bytesDone);
        bar({ name: 'weights', done: sum(doneOf.values()), all });
      },
    );
    await writeSource(folder, { repository, commit, license: license ?? null });
    return hashes;
  } finally {
    await hub.close();
  }
}

/** Says whether a model of the Hub runs here, what would be downloaded and under which license; keeps nothing. */
async function tryModel(
  config: Models,
  repository: string,
  options: PullOptions,
  say: Say,
): Promise<void> {
  const hub = new Hub(config.hub);
  const folder = await mkdtemp(path.join(tmpdir(), 'gigarouter-'));
  try {
    const snapshot = await hub.list(repository, options.revision);
    const files = checkpointFiles(namesOf(snapshot), repository);
    checkScoring(files, options.logitScale !== undefined);
    const sizes = await judge(hub, snapshot, files, { folder, int8: options.int8 });
    const small = sum(files.small.map((name) => sizeOf(snapshot, name)));
    const bytes = small + sum(sizes.values());
    const { commit, license } = snapshot;
    const layout = files.layout.title;
    say(
      `${repository} runs here: ${layout} layout, ${String(Math.ceil(bytes / 1e6))} MB to download, license: ${license ?? 'not stated'}. Nothing was kept.`,
    );
    const names = [...files.small, ...sizes.keys()];
    print(options, {
      model: repository,
      commit,
      license: license ?? null,
      layout,
      bytes,
      files: names,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await hub.close();
  }
}

/**
 * Downloads the small files, and judges the model by them and by the headers of its weights: gigabytes are not fetched for
 * nothing.
 * @returns sizes of the files of weights, in bytes
 */
async function judge(
  hub: Hub,
  snapshot: HubSnapshot,
  files: CheckpointFiles,
  { folder, int8 }: { readonly folder: string; readonly int8: true | undefined },
): Promise<ReadonlyMap<string, number>> {
  await hub.download(snapshot, folder, files.small, () => undefined);
  await checkTokenizer(folder, files);
  const weights = await weightFiles(folder, files, int8);
  const sizes = new Map(weights.map((name) => [name, sizeOf(snapshot, name)]));
  if (!(await areThere(folder, sizes))) {
    await checkWeightHeaders(folder, files, sizes, (...range) => hub.read(snapshot, ...range));
  }
  return sizes;
}

const namesOf = ({ files }: HubSnapshot) => new Set(files.map(({ name }) => name));

const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, one) => total + one, 0);

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
