import { constants } from 'node:fs';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import { checkTensors } from './architecture.js';
import { readConfig } from './checkpoint.js';
import { findLayout, type FoundLayout } from './layouts/layout.js';
import { listFiles } from './models-folder.js';
import { checkScale, graphFilesOf } from './ready-graphs/graph-files.js';
import { headerLength } from './safetensors.js';
import { parseHeader, type TensorInfo } from './safetensors-header.js';
import { tryTokenizer } from './tokenizer.js';
import { TOKENIZER_CONFIG_FILE, TOKENIZER_FILE } from './tokenizer-files.js';
import { SENTENCEPIECE_FILE } from './tokenizer-sentencepiece.js';
import { countedFiles, parseIndex } from './weights.js';

const BESIDE = ['golden.json', 'README.md', 'LICENSE'];

/** Which files of a repository or folder make a checkpoint, or ready-made graphs. */
export type CheckpointFiles = FoundLayout & {
  /** Small: configuration, tokenizer, the index of the weights, and what is kept beside. They come first. */
  readonly small: readonly string[];
  /** Of all files there. */
  readonly names: ReadonlySet<string>;
};

/**
 * @param names of all files there
 * @throws AppError BAD_USER_INPUT that says what is missing, or why none of it runs here
 */
export function checkpointFiles(names: ReadonlySet<string>, repository?: string): CheckpointFiles {
  const found = findLayout(names, repository);
  const { required, optional } = found.layout.configFiles;
  const wanted = [
    ...required,
    ...optional,
    TOKENIZER_FILE,
    TOKENIZER_CONFIG_FILE,
    SENTENCEPIECE_FILE,
  ];
  const small = new Set([...wanted, ...BESIDE].filter((name) => names.has(name)));
  if ('weights' in found && found.weights.endsWith('.json')) small.add(found.weights);
  return { ...found, small: [...small], names };
}

/**
 * Names of the files that hold the weights; `folder` has the small ones.
 *
 * @param withInt8 those of ready-made graphs of eight bits as well
 * @throws AppError BAD_USER_INPUT
 */
export async function weightFiles(
  folder: string,
  files: CheckpointFiles,
  withInt8 = false,
): Promise<string[]> {
  if ('graphs' in files) return graphFilesOf(files.names, files.graphs, withInt8);
  const { weights } = files;
  if (!weights.endsWith('.json')) return countedFiles(weights);
  return parseIndex(weights, await readFile(path.join(folder, weights), 'utf8'));
}

/**
 * Reads the configuration, opens the tokenizer and tries it: what passes, `classify` runs, given the weights.
 *
 * @param folder with the small files
 * @throws AppError BAD_USER_INPUT that names file and setting
 */
export async function checkTokenizer(folder: string, { layout }: FoundLayout): Promise<void> {
  await tryTokenizer(folder, await readConfig(folder, layout));
}

/** @param isStated the operator says it @throws AppError BAD_USER_INPUT for graphs that do not say how scores are scaled */
export function checkScoring(files: FoundLayout, isStated: boolean): void {
  if ('graphs' in files) checkScale(files.graphs, isStated);
}

/** Reads bytes of a file that is not here yet. */
export type ReadRange = (name: string, from: number, length: number) => Promise<Uint8Array>;

/**
 * Reads the headers of the weights alone, some kilobytes, and checks every tensor's name and shape against the
 * configuration: a checkpoint that does not fit is refused before gigabytes are fetched.
 *
 * @param folder with the small files
 * @param sizes of the files of weights, in bytes
 * @throws AppError BAD_USER_INPUT that names the tensor or file
 */
export async function checkWeightHeaders(
  folder: string,
  files: FoundLayout,
  sizes: ReadonlyMap<string, number>,
  read: ReadRange,
): Promise<void> {
  // A graph's inputs and outputs come behind its weights.
  if (!('weights' in files)) return;
  const tensors = new Map<string, TensorInfo>();
  for (const [name, bytes] of sizes) {
    const header = await readHeader(name, bytes, read);
    for (const tensor of header) tensors.set(tensor.name, tensor);
  }
  checkTensors(await readConfig(folder, files.layout), tensors);
}

async function readHeader(name: string, bytes: number, read: ReadRange): Promise<TensorInfo[]> {
  try {
    const headerBytes = headerLength(await read(name, 0, Math.min(8, bytes)), bytes);
    return parseHeader(await read(name, 8, headerBytes), bytes - 8 - headerBytes);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'BAD_USER_INPUT') throw error;
    throw new AppError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}

/**
 * Copies a checkpoint's files, sharing their bytes where the file system can do that.
 *
 * @throws AppError BAD_USER_INPUT that names the file that is missing; nothing is copied then
 */
export async function copyCheckpoint(
  source: string,
  folder: string,
  withInt8 = false,
): Promise<void> {
  const names = await listFiles(source).catch((cause: unknown) => {
    throw new AppError('BAD_USER_INPUT', `Folder ${source} not found.`, { cause });
  });
  const files = checkpointFiles(names);
  await checkTokenizer(source, files);
  const weights = await weightFiles(source, files, withInt8);
  const missing = weights.find((name) => !names.has(name));
  if (missing !== undefined) {
    const namedBy = 'weights' in files ? files.weights : 'the graph';
    throw new AppError('BAD_USER_INPUT', `${source} has no ${missing}, which ${namedBy} names.`);
  }
  for (const name of [...files.small, ...weights]) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await copyFile(path.join(source, name), path.join(folder, name), constants.COPYFILE_FICLONE);
  }
}
