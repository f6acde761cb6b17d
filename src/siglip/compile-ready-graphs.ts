import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import type { Scoring } from './checkpoint.js';
import { DataFile } from './data-file.js';
import { hashOf } from './hash-file.js';
import type { FoundGraphs } from './layouts/layout.js';
import type { Manifest, ManifestFile, ManifestVariant } from './manifest.js';
import type { ServedConfig } from './model-config.js';
import { externalTensor, inlineTensor } from './onnx/proto.js';
import type { OutputFiles } from './output-files.js';
import { checkScale, GRAPHS_FOLDER, type GraphSet, noInt8 } from './ready-graphs/graph-files.js';
import { type OnnxFile, readOnnx } from './ready-graphs/onnx-file.js';
import { alignmentOf, type Initializer, tensorBytes } from './ready-graphs/onnx-tensor.js';
import { ProtobufFault } from './ready-graphs/protobuf-reader.js';
import { scoresGraph, scoringOf } from './ready-graphs/scores-graph.js';
import { fault, type Place, type Tower, towerGraph } from './ready-graphs/tower-graph.js';
import type { RunGraph } from './verify.js';

/** What a constant of the scores may have. */
const SCALAR_BYTES_MAX = 64;

const DATA_FILES = { fp32: 'weights.onnx.bin', int8: 'weights.int8.bin' } as const;

export interface ReadyGraphsOptions {
  readonly int8?: boolean | undefined;
  /** Runs the end of a graph, from which the scale of its scores is read. */
  readonly run?: RunGraph | undefined;
  /** Where no graph computes scores. */
  readonly scoring?: Scoring | undefined;
  /** SHA-256 in hex of files that the caller has just verified. */
  readonly weightsSha256?: ReadonlyMap<string, string> | undefined;
}

/** What is written into a manifest. */
export interface ReadyModel extends Pick<Manifest, 'scoring' | 'variants' | 'weights'> {
  /** Files that the model is known by: those of eight bits are the same model. */
  readonly identity: readonly ManifestFile[];
}

/**
 * Writes graphs with the face of ours into `files`, whose weights are those of the ready-made ones: they point into them,
 * but for tensors that do not lie as a processor reads them, which are copied.
 *
 * @throws AppError BAD_USER_INPUT that names the file and what does not fit
 */
export async function writeReadyGraphs(
  folder: string,
  files: OutputFiles,
  found: FoundGraphs,
  config: ServedConfig,
  options: ReadyGraphsOptions,
): Promise<ReadyModel> {
  const { base, int8, scores } = found.graphs;
  checkScale(found.graphs, options.scoring !== undefined);
  if (options.int8 && int8 === undefined) throw noInt8();
  const fp32 = await writeVariant(folder, files, base, config, 'fp32');
  const eight =
    options.int8 && int8 ? await writeVariant(folder, files, int8, config, 'int8') : undefined;
  const scoring = options.scoring ?? (await readScoring(folder, files, scores, options.run));
  const describe = (names: readonly string[]) =>
    describeFiles(folder, names, options.weightsSha256 ?? new Map());
  const weights = await describe(base.files);
  const others = await describe(eight ? (int8?.files ?? []) : []);
  return {
    scoring,
    variants: { fp32: fp32.variant, int8: eight?.variant },
    weights: { parameters: Math.max(1, fp32.elements), files: [...weights, ...others] },
    identity: weights,
  };
}

async function describeFiles(
  folder: string,
  names: readonly string[],
  knownSha256: ReadonlyMap<string, string>,
): Promise<ManifestFile[]> {
  const files: ManifestFile[] = [];
  for (const file of [...names].sort()) {
    const { size: bytes } = await stat(path.join(folder, file));
    const sha256 = knownSha256.get(file) ?? (await hashOf(path.join(folder, file)));
    files.push({ file, bytes, sha256 });
  }
  return files;
}

async function writeVariant(
  folder: string,
  files: OutputFiles,
  set: GraphSet,
  config: ServedConfig,
  name: 'fp32' | 'int8',
): Promise<{ variant: ManifestVariant; elements: number }> {
  const suffix = name === 'fp32' ? '' : '.int8';
  const dataFile = DATA_FILES[name];
  const sources = new Map<string, OnnxFile>();
  for (const file of new Set([set.image, set.text])) {
    sources.set(file, await readOnnx(path.join(folder, file)));
  }
  const target = await DataFile.create(files.path(dataFile), dataFile);
  const places = new Places(folder, set, target);
  try {
    const write = async (tower: Tower) => {
      const source = sources.get(set[tower]);
      if (source === undefined) throw new RangeError(`${set[tower]} was not read.`);
      const graph = await towerGraph(source, tower, config, places.place);
      const file = await files.write(`${tower}${suffix}.onnx`, graph.onnx);
      return { ...file, inputs: graph.inputs, outputs: graph.outputs };
    };
    const [image, text] = [await write('image'), await write('text')];
    const [width, other] = [image, text].map(({ outputs }) => outputs[0]?.shape[1]);
    if (width !== other) {
      throw new AppError(
        'BAD_USER_INPUT',
        `${set.image} and ${set.text} have embeddings of different lengths: ${String(width)} and ${String(other)}.`,
      );
    }
    const isDynamic = [...sources.values()].some(({ nodes }) =>
      nodes.some(({ operator }) => operator.startsWith('DynamicQuantize')),
    );
    const data = await target.finish();
    return {
      // Dynamic quantization has one scale for a whole batch.
      variant: { image, text, rowsAreIndependent: !isDynamic, ...(data.bytes > 0 ? { data } : {}) },
      elements: places.elements,
    };
  } finally {
    await target.close();
    if (places.copiedBytes === 0) await files.discard(dataFile);
  }
}

/** Where the tensors of some graphs lie, seen from the model's folder. */
class Places {
  /** Numbers in the tensors that were placed. */
  elements = 0;
  copiedBytes = 0;

  constructor(
    private readonly folder: string,
    private readonly set: GraphSet,
    private readonly target: DataFile,
  ) {}

  readonly place: Place = async (file, initializer) => {
    const { name, type, dims, whole } = initializer;
    this.elements += dims.reduce((product, size) => product * size, 1);
    if (whole !== undefined) return [whole];
    const {
      file: source,
      offset,
      bytes,
    } = await locate(this.folder, this.set.files, file, initializer);
    if (offset % alignmentOf(initializer) === 0) {
      return externalTensor(name, type, dims, { file: source, offset, bytes });
    }
    const copied = await readPart(path.join(this.folder, source), offset, bytes);
    this.copiedBytes += bytes;
    return externalTensor(name, type, dims, await this.target.append(copied));
  };
}

async function locate(
  folder: string,
  names: readonly string[],
  file: OnnxFile,
  initializer: Initializer,
): Promise<{ file: string; offset: number; bytes: number }> {
  const { name, data, external } = initializer;
  const bytes = readAs(file, () => tensorBytes(initializer));
  const source = `${GRAPHS_FOLDER}/${external?.location ?? path.basename(file.path)}`;
  // Any other would be a file of this machine that the graph chooses.
  if (external !== undefined && !names.includes(source)) {
    throw fault(file, `has the data of "${name}" in ${source}, which is not there`);
  }
  const { size } = await stat(path.join(folder, source));
  const offset = data?.offset ?? Number(external?.offset ?? 0);
  const length = data?.bytes ?? Number(external?.length ?? bytes);
  if (length !== bytes) {
    throw fault(
      file,
      `has ${String(length)} bytes for "${name}", whose shape asks for ${String(bytes)}`,
    );
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || offset + bytes > size) {
    throw fault(file, `has the data of "${name}" beyond the end of ${source}`);
  }
  return { file: source, offset, bytes };
}

async function readScoring(
  folder: string,
  files: OutputFiles,
  name: string | undefined,
  run: RunGraph | undefined,
): Promise<Scoring> {
  if (name === undefined) throw new RangeError('Nothing says how scores are scaled.');
  const file = await readOnnx(path.join(folder, name));
  const onnx = await scoresGraph(file, inline(folder));
  if (onnx === undefined) {
    throw fault(file, 'computes no logits_per_image from image_embeds and text_embeds');
  }
  if (run === undefined)
    throw new RangeError('Ready-made graphs are compiled with something that runs them.');
  const scratch = 'scores.onnx';
  await files.write(scratch, onnx);
  const { data } = await run(files.pathOf(scratch), {
    type: 'uint8',
    shape: [1],
    data: Uint8Array.of(0),
  }).catch((cause: unknown) => {
    throw fault(file, `has scores that do not run: ${(cause as Error).message}`);
  });
  await files.discard(scratch);
  return scoringOf(file, data);
}

/** The constants of scores are single numbers. */
function inline(folder: string): Place {
  return async (file, initializer) => {
    const { name, type, dims, whole } = initializer;
    if (whole !== undefined) return [whole];
    const names = [`${GRAPHS_FOLDER}/${initializer.external?.location ?? ''}`];
    const { file: source, offset, bytes } = await locate(folder, names, file, initializer);
    if (bytes > SCALAR_BYTES_MAX) throw fault(file, `has scores that depend on "${name}"`);
    return inlineTensor(name, type, dims, await readPart(path.join(folder, source), offset, bytes));
  };
}

async function readPart(file: string, offset: number, bytes: number): Promise<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    const part = new Uint8Array(bytes);
    const { bytesRead } = await handle.read(part, 0, bytes, offset);
    if (bytesRead === bytes) return part;
    throw new AppError('BAD_USER_INPUT', `${path.basename(file)} ends early.`);
  } finally {
    await handle.close();
  }
}

function readAs<T>(file: OnnxFile, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ProtobufFault)) throw error;
    throw fault(file, `is not read: ${error.message}`);
  }
}
