import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import { type Checkpoint, openCheckpoint, readConfigFiles, textsOf } from './checkpoint.js';
import { type ReadyGraphsOptions, writeReadyGraphs } from './compile-ready-graphs.js';
import { checkWeights } from './check-weights.js';
import { DataFile } from './data-file.js';
import {
  type Manifest,
  MANIFEST_FILE,
  type ManifestGraph,
  type ManifestVariant,
  parseManifest,
  RECIPE,
} from './manifest.js';
import { findLayout, type FoundGraphs } from './layouts/layout.js';
import type { ServedConfig } from './model-config.js';
import { listFiles } from './models-folder.js';
import { fusedAttention, int8Attention } from './onnx/attention.js';
import { type Graph, imageGraph, type Model, textGraph } from './onnx/graphs.js';
import {
  huggingFaceGraph,
  huggingFaceTextGraph,
  huggingFaceVisionGraph,
} from './onnx/optimum-graphs.js';
import { int8Linear, int8Projections } from './onnx/int8.js';
import { floatLinear, floatProjections, type Kernels } from './onnx/layers.js';
import { type OutputFiles, sha256, writeTogether } from './output-files.js';
import { type QuantizeOptions, quantizedStacks, writeInt8Weights } from './quantize.js';
import { DTYPE_BYTES } from './safetensors-header.js';
import { tryTokenizer } from './tokenizer.js';

export interface CompileOptions extends QuantizeOptions, ReadyGraphsOptions {
  /**
   * Write the int8 variant as well: about a quarter of the float32 weights more on the disk, or, of ready-made graphs,
   * those of eight bits.
   */
  readonly int8?: boolean | undefined;
  /** Write `model.onnx`, `vision_model.onnx` and `text_model.onnx`, named as by Hugging Face Optimum. */
  readonly huggingFace?: boolean | undefined;
}

const FLOAT: Kernels = {
  linear: floatLinear,
  projections: floatProjections,
  attention: fusedAttention,
};
const INT8_DATA_FILE = 'weights.int8.bin';

/**
 * Makes a folder with a checkpoint one that ONNX Runtime serves: writes the graphs, and the int8 weights
 * where asked, beside the checkpoint, and `gigarouter.json` that describes them. The weights are read
 * once (int8: twice), never copied, and never held: about 150 MB of memory for any size.
 *
 * Safe to repeat and to run twice at once: files are written aside and renamed, the manifest last, and the
 * same checkpoint gives the same bytes. What an earlier run made of the same checkpoint stays listed.
 *
 * @param folder may be a link; the graphs go where it leads
 * @throws AppError BAD_USER_INPUT that names the file, setting or tensor at fault; nothing is written then
 */
export async function compile(folder: string, options: CompileOptions = {}): Promise<Manifest> {
  const resolved = await realpath(folder).catch((cause: unknown) => {
    throw new AppError('BAD_USER_INPUT', `There is no folder ${folder}.`, { cause });
  });
  const found = findLayout(await listFiles(resolved));
  if ('graphs' in found) return compileReadyGraphs(resolved, found, options);
  const checkpoint = await openCheckpoint(folder);
  await checkTokenizer(checkpoint);
  const { weightsSha256: knownSha256, ...step } = options;
  const checked = checkWeights(checkpoint.weights, { ...step, knownSha256 });
  // It is awaited later, and must not be a rejection that nobody handles until then.
  const settled = checked.catch(() => undefined);
  try {
    return await writeTogether(checkpoint.folder, (files) =>
      writeModel(files, checkpoint, checked, options),
    );
  } finally {
    // Where writing failed, the weights are still being read.
    await settled;
    await checkpoint.weights.close();
  }
}

async function compileReadyGraphs(
  folder: string,
  found: FoundGraphs,
  options: CompileOptions,
): Promise<Manifest> {
  if (options.huggingFace) {
    throw new AppError('BAD_USER_INPUT', 'The graphs are ready-made: leave --hugging-face out.');
  }
  const configFiles = await readConfigFiles(folder, found.layout);
  const config = found.layout.read(textsOf(configFiles));
  await tryTokenizerThatIsThere(folder, config);
  return writeTogether(folder, async (files) => {
    const earlier = await earlierManifest(folder);
    const hadInt8 = earlier?.variants.int8 !== undefined && found.graphs.int8 !== undefined;
    const int8 = options.int8 ?? hadInt8;
    const { identity, ...model } = await writeReadyGraphs(folder, files, found, config, {
      ...options,
      int8,
      // What an operator said once holds, as long as no graph says it.
      scoring:
        options.scoring ?? (found.graphs.scores === undefined ? earlier?.scoring : undefined),
    });
    const configs = [...configFiles].map(describeConfig);
    const manifest: Manifest = {
      recipe: RECIPE,
      layout: found.layout.id,
      modelHash: hashOfModel([...configs, ...identity]),
      configs,
      ...model,
    };
    await writeManifest(files, manifest);
    return manifest;
  });
}

async function checkTokenizer({ folder, config, weights }: Checkpoint): Promise<void> {
  try {
    await tryTokenizerThatIsThere(folder, config);
  } catch (error) {
    await weights.close();
    throw error;
  }
}

/** Graphs alone can be compiled without a tokenizer; one that is there has to fit. */
async function tryTokenizerThatIsThere(folder: string, config: ServedConfig): Promise<void> {
  const found = await stat(path.join(folder, config.tokenizer)).catch(() => undefined);
  if (found !== undefined) await tryTokenizer(folder, config);
}

async function writeModel(
  files: OutputFiles,
  checkpoint: Checkpoint,
  checked: Promise<ReadonlyMap<string, string>>,
  options: CompileOptions,
): Promise<Manifest> {
  const { config, layout, weights, scoring } = checkpoint;
  const model: Model = { config, tensors: weights.tensors };
  // While the weights are checked: these graphs hold none of them.
  const fp32 = await writeFloat(files, model);
  const huggingFace = options.huggingFace ? await writeHuggingFace(files, model) : undefined;
  const hashes = await checked;

  const configs = [...checkpoint.configFiles].map(describeConfig);
  const weightFiles = weights.files.map(({ path: file, bytes }) => {
    const name = path.basename(file);
    return { file: name, bytes, sha256: hashes.get(name) ?? '' };
  });
  const modelHash = hashOfModel([...configs, ...weightFiles]);
  const found = await earlierManifest(checkpoint.folder);
  const earlier = found?.modelHash === modelHash ? found : undefined;
  const manifest: Manifest = {
    recipe: RECIPE,
    layout: layout.id,
    modelHash,
    configs,
    weights: { parameters: countParameters(checkpoint), files: weightFiles },
    scoring,
    variants: {
      fp32,
      int8: options.int8
        ? await writeInt8(files, checkpoint, model, options)
        : earlier?.variants.int8,
    },
    huggingFace: huggingFace ?? earlier?.huggingFace,
  };
  await writeManifest(files, manifest);
  return manifest;
}

const describeConfig = ([file, bytes]: [string, Uint8Array]) => ({
  file,
  bytes: bytes.length,
  sha256: sha256(bytes),
});

function hashOfModel(files: readonly { readonly file: string; readonly sha256: string }[]): string {
  return sha256(files.map((one) => `${one.file} ${one.sha256}\n`).join(''));
}

async function writeManifest(files: OutputFiles, manifest: Manifest): Promise<void> {
  await files.write(MANIFEST_FILE, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

async function writeFloat(files: OutputFiles, model: Model): Promise<ManifestVariant> {
  return {
    image: await writeGraph(files, 'image.onnx', imageGraph(model, FLOAT)),
    text: await writeGraph(files, 'text.onnx', textGraph(model, FLOAT)),
    rowsAreIndependent: true,
  };
}

async function writeInt8(
  files: OutputFiles,
  { config, weights }: Checkpoint,
  model: Model,
  options: QuantizeOptions,
): Promise<ManifestVariant> {
  const target = await DataFile.create(files.path(INT8_DATA_FILE), INT8_DATA_FILE);
  try {
    const matrices = await writeInt8Weights(weights, quantizedStacks(config), target, options);
    const linear = int8Linear(matrices);
    const int8 = { linear, projections: int8Projections(matrices) };
    return {
      image: await writeGraph(
        files,
        'image.int8.onnx',
        imageGraph(model, { ...int8, attention: int8Attention }),
      ),
      // With so few tokens, attention is next to nothing, and to quantize it would take longer.
      text: await writeGraph(
        files,
        'text.int8.onnx',
        textGraph(model, { ...int8, attention: fusedAttention }),
      ),
      data: await target.finish(),
      rowsAreIndependent: false,
    };
  } finally {
    await target.close();
  }
}

async function writeHuggingFace(
  files: OutputFiles,
  model: Model,
): Promise<Manifest['huggingFace']> {
  return {
    model: await writeGraph(files, 'model.onnx', huggingFaceGraph(model)),
    vision: await writeGraph(files, 'vision_model.onnx', huggingFaceVisionGraph(model)),
    text: await writeGraph(files, 'text_model.onnx', huggingFaceTextGraph(model)),
  };
}

async function writeGraph(files: OutputFiles, name: string, graph: Graph): Promise<ManifestGraph> {
  const file = await files.write(name, graph.onnx);
  return { ...file, inputs: graph.inputs, outputs: graph.outputs };
}

/** The manifest of an earlier run; undefined where there is none to build on. */
async function earlierManifest(folder: string): Promise<Manifest | undefined> {
  try {
    return parseManifest(await readFile(path.join(folder, MANIFEST_FILE), 'utf8'));
  } catch {
    return undefined; // None, a broken one, or of another version: it is replaced.
  }
}

function countParameters({ weights }: Checkpoint): number {
  let parameters = 0;
  for (const { bytes, dtype } of weights.tensors.values()) {
    if (dtype !== 'I64') parameters += bytes / DTYPE_BYTES[dtype];
  }
  return parameters;
}
