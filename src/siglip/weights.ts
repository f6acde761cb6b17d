import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AppError } from '../errors.js';
import { parseJson, readAs } from './layouts/config-values.js';
import { SafetensorsFile } from './safetensors.js';
import type { TensorInfo } from './safetensors-header.js';

/** A tensor, and the name of the file that holds it. */
export interface WeightTensor extends TensorInfo {
  readonly file: string;
}

const INDEX_BYTES_MAX = 16 * 2 ** 20;
/** Twice what the largest published checkpoint of a family that runs here has. */
const SHARDS_MAX = 64;

/** A plain name beside the index. */
const shardName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]{0,200}\.safetensors$/, 'must name a safetensors file');
const indexSchema = z.looseObject({ weight_map: z.record(z.string(), shardName) });

/** The weights of a checkpoint, in one safetensors file or in several. Close it when done. */
export class Weights {
  readonly tensors: ReadonlyMap<string, WeightTensor>;

  private constructor(
    /** In the order of their names. */
    readonly files: readonly SafetensorsFile[],
  ) {
    const tensors = new Map<string, WeightTensor>();
    for (const { path: file, tensors: some } of files) {
      const name = path.basename(file);
      for (const tensor of some.values()) {
        const twice = tensors.get(tensor.name)?.file;
        if (twice !== undefined) {
          throw new AppError(
            'BAD_USER_INPUT',
            `Tensor "${tensor.name}" is in ${twice} and in ${name}.`,
          );
        }
        tensors.set(tensor.name, { ...tensor, file: name });
      }
    }
    this.tensors = tensors;
  }

  /**
   * @param name a safetensors file of the folder, the index of several, or the first of several that count themselves
   * @throws AppError BAD_USER_INPUT that names the file or tensor at fault
   */
  static async open(folder: string, name: string): Promise<Weights> {
    const names = name.endsWith('.json') ? await readIndex(folder, name) : countedFiles(name);
    const files: SafetensorsFile[] = [];
    try {
      for (const one of names) {
        await checkInside(path.join(folder, one), folder);
        files.push(await SafetensorsFile.open(path.join(folder, one)));
      }
      return new Weights(files);
    } catch (error) {
      for (const file of files) await file.close();
      throw error;
    }
  }

  /** @throws AppError BAD_USER_INPUT when there is no such tensor */
  get(name: string): WeightTensor {
    const tensor = this.tensors.get(name);
    if (tensor) return tensor;
    throw new AppError('BAD_USER_INPUT', `The checkpoint has no tensor "${name}".`);
  }

  fileOf({ file }: WeightTensor): SafetensorsFile {
    const found = this.files.find((one) => path.basename(one.path) === file);
    if (found) return found;
    throw new RangeError(`${file} is not open.`);
  }

  /** Safe to repeat. */
  async close(): Promise<void> {
    for (const file of this.files) await file.close();
  }
}

/**
 * `model-00001-of-00002.safetensors` stands for two files, any other name for itself.
 * @throws AppError BAD_USER_INPUT for more than there can be
 */
export function countedFiles(name: string): string[] {
  const [, stem = '', count] = /^(.+)-00001-of-(\d{5})\.safetensors$/.exec(name) ?? [];
  if (count === undefined) return [name];
  const files = Number(count);
  if (files < 1 || files > SHARDS_MAX) {
    throw new AppError('BAD_USER_INPUT', `${name} is one of ${String(files)} files.`);
  }
  return Array.from(
    { length: files },
    (_, at) => `${stem}-${String(at + 1).padStart(5, '0')}-of-${count}.safetensors`,
  );
}

/** Names of the files that hold the weights, sorted. @throws AppError BAD_USER_INPUT */
export function parseIndex(name: string, json: string): string[] {
  const { weight_map: map } = readAs(name, () => parseJson(json, indexSchema));
  const names = [...new Set(Object.values(map))].sort();
  if (names.length > 0 && names.length <= SHARDS_MAX) return names;
  throw new AppError('BAD_USER_INPUT', `${name} names ${String(names.length)} files.`);
}

async function readIndex(folder: string, name: string): Promise<string[]> {
  const file = path.join(folder, name);
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw new AppError('BAD_USER_INPUT', `There is no file ${name}.`);
  if (found.size > INDEX_BYTES_MAX) {
    throw new AppError('BAD_USER_INPUT', `${name} has ${String(found.size)} bytes.`);
  }
  return parseIndex(name, await readFile(file, 'utf8'));
}

/**
 * ONNX Runtime refuses weights that lie, resolved, outside of the graph's folder (onnxruntime#27353), and
 * a checkpoint in the Hugging Face cache is such a link. Better here than when the model is loaded.
 */
async function checkInside(file: string, folder: string): Promise<void> {
  const target = await realpath(file).catch(() => file);
  if (target.startsWith(folder + path.sep)) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `${path.basename(file)} is a link to ${target}, outside of its folder, which ONNX Runtime refuses. Copy the file, or make a hard link: it takes no space.`,
  );
}
