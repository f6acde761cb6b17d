import path from 'node:path';
import { AppError } from '../../errors.js';
import type { ServedConfig } from '../model-config.js';
import { type Graph } from '../onnx/graphs.js';
import { GraphBuilder, MICROSOFT, type Value } from '../onnx/graph.js';
import { DATA_TYPES } from '../onnx/proto.js';
import type { Field } from '../onnx/protobuf.js';
import { normalizePixels } from '../onnx/vision.js';
import type { OnnxFile, OnnxValue } from './onnx-file.js';
import { type OnnxNode, renamed } from './onnx-node.js';
import { type Initializer } from './onnx-tensor.js';

export type Tower = 'image' | 'text';

/** What computes one value of a graph. */
export interface Part {
  /** In the order of the file. */
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly Initializer[];
  /** Names of the inputs that it depends on. */
  readonly inputs: readonly string[];
}

/** Writes constants where a graph finds them. @returns fields of the `TensorProto` */
export type Place = (file: OnnxFile, initializer: Initializer) => Promise<Field[]>;

const BATCH = 'batch';
/** ONNX Runtime refuses later versions itself; before this one, operators that are added here mean something else. */
const OPSET_MIN = 11;

/** What each tower may be called: a projected embedding, or SigLIP's pooled feature, which is one. */
const FACES = {
  image: { output: 'image_embeds', inputs: ['pixel_values'] },
  text: { output: 'text_embeds', inputs: ['input_ids', 'attention_mask'] },
} as const;
const POOLED = 'pooler_output';

/** Name of the value that is the embedding of a tower. @throws AppError BAD_USER_INPUT that names what is there instead */
function embeddingOf(
  file: OnnxFile,
  tower: Tower,
  { loss }: Pick<ServedConfig, 'loss'>,
): OnnxValue {
  // CLIP's pooled feature is not projected yet: of the two towers, they lie in different spaces.
  const names = [FACES[tower].output, ...(loss === 'sigmoid' ? [POOLED] : [])];
  for (const name of names) {
    const found = file.outputs.find((output) => output.name === name);
    if (found !== undefined) return found;
  }
  throw fault(
    file,
    `has the outputs ${list(file.outputs.map(({ name }) => name))}; an ${tower} embedding is called ${list(names)}`,
  );
}

/**
 * The nodes and constants that a value depends on. What else a file computes is left out.
 *
 * @param stops values that are taken as given
 * @throws AppError BAD_USER_INPUT for a value that nothing computes, or an operator that is not part of ONNX or ONNX Runtime
 */
export function partOf(file: OnnxFile, wanted: string, stops: ReadonlySet<string>): Part {
  const makers = new Map<string, number>();
  for (const [at, node] of file.nodes.entries()) {
    for (const output of node.outputs) makers.set(output, at);
  }
  const isInput = new Set(file.inputs.map(({ name }) => name));
  const needed = new Set<number>();
  const constants = new Set<Initializer>();
  const inputs = new Set<string>();
  const seen = new Set<string>();
  const waiting = [wanted];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (name === '' || seen.has(name) || stops.has(name)) continue;
    seen.add(name);
    const initializer = file.initializers.get(name);
    const maker = makers.get(name);
    if (initializer !== undefined) constants.add(initializer);
    else if (maker !== undefined) {
      if (needed.has(maker)) continue;
      needed.add(maker);
      const node = file.nodes[maker];
      if (node === undefined) continue;
      if (node.domain !== '' && node.domain !== MICROSOFT) {
        throw fault(
          file,
          `has the operator ${node.operator} of "${node.domain}", which is not run`,
        );
      }
      // Inner names that nothing out here makes are those of the inner graph.
      waiting.push(...node.inputs, ...node.innerNames.filter((inner) => makers.has(inner)));
      for (const inner of node.innerNames) {
        const constant = file.initializers.get(inner);
        if (constant !== undefined) constants.add(constant);
        if (isInput.has(inner)) throw fault(file, `has a graph inside that reads ${inner}`);
      }
    } else if (isInput.has(name)) inputs.add(name);
    else throw fault(file, `lacks the value "${name}"`);
  }
  const order = [...needed].sort((a, b) => a - b);
  const nodes = order.flatMap((at) => file.nodes[at] ?? []);
  return { nodes, initializers: [...constants], inputs: [...inputs] };
}

/**
 * One tower of a ready-made graph with the face of ours: bytes of pixels, or ids, go in, and an embedding of length 1
 * comes out.
 *
 * @param config `embedDim` and `contextLength` are taken from the graph where it states them
 * @throws AppError BAD_USER_INPUT that names the input, output or size that does not fit
 */
export async function towerGraph(
  file: OnnxFile,
  tower: Tower,
  config: ServedConfig,
  place: Place,
): Promise<Graph> {
  const output = embeddingOf(file, tower, config);
  const part = partOf(file, output.name, new Set());
  checkInputs(file, tower, part);
  const graph = builder(file);
  const names = new Map<string, string>();
  const input = tower === 'image' ? 'pixel_values' : 'input_ids';
  graph.within('gigarouter', () => {
    if (tower === 'image') names.set(input, pixels(graph, file, config));
    else for (const [name, value] of ids(graph, file, part)) names.set(name, value);
  });
  const face = FACES[tower].output;
  // The output's own name is that of the normalized embedding.
  const feature = output.name === face ? `ready/${face}` : output.name;
  names.set(face, `ready/${face}`);
  await adopt(graph, file, part, { names, place });
  graph.within('gigarouter', () => {
    const isFloat = output.type === DATA_TYPES.float32;
    const float = isFloat ? feature : graph.node('Cast', [feature], { to: { int: 1 } });
    const unit = graph.node('LpNormalization', [float], { axis: { int: -1 }, p: { int: 2 } });
    graph.output(unit, face);
  });
  const embedDim = lastSize(output) ?? config.embedDim;
  const size = config.preprocess.imageSize;
  const inputs =
    tower === 'image'
      ? [{ name: input, type: 'uint8' as const, shape: [BATCH, size, size, 3] }]
      : [{ name: input, type: 'int64' as const, shape: [BATCH, contextLength(file, config)] }];
  const outputs = [{ name: face, type: 'float32' as const, shape: [BATCH, embedDim] }];
  return { inputs, outputs, onnx: graph.finish(tower, inputs, outputs) };
}

/** @throws AppError BAD_USER_INPUT for sets of operators from before {@link OPSET_MIN} */
export function builder(file: OnnxFile): GraphBuilder {
  const opset = file.opsets.get('') ?? 0;
  if (opset >= OPSET_MIN) return new GraphBuilder(new Map(), { opset, irVersion: file.irVersion });
  throw fault(file, `is of opset ${String(opset)}; at least ${String(OPSET_MIN)} is read`);
}

/** Adds nodes and constants of a file as they are, but for some names. */
export async function adopt(
  graph: GraphBuilder,
  file: OnnxFile,
  { nodes, initializers }: Part,
  { names, place }: { readonly names: ReadonlyMap<string, string>; readonly place: Place },
): Promise<void> {
  for (const initializer of initializers) {
    graph.adoptConstant(initializer.name, await place(file, initializer));
  }
  for (const node of nodes) graph.adopt(renamed(node, names), node.domain);
}

function checkInputs(file: OnnxFile, tower: Tower, { inputs }: Part): void {
  const known: readonly string[] = FACES[tower].inputs;
  const unknown = inputs.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw fault(
      file,
      `computes the ${tower} from ${list(unknown)}, which is not known; known: ${list(known)}`,
    );
  }
  const [needed = ''] = known;
  if (!inputs.includes(needed)) throw fault(file, `does not compute the ${tower} from ${needed}`);
}

/** @returns the value that takes the place of `pixel_values` */
function pixels(graph: GraphBuilder, file: OnnxFile, config: ServedConfig): Value {
  const { type, shape } = inputOf(file, 'pixel_values', [1, 10], 4);
  const { imageSize } = config.preprocess;
  const [, channels, height, width] = shape;
  for (const [name, value, wanted] of [
    ['channels', channels, 3],
    ['height', height, imageSize],
    ['width', width, imageSize],
  ] as const) {
    if (typeof value !== 'number' || value === wanted) continue;
    throw fault(file, `takes pixel_values with ${name} ${String(value)}, not ${String(wanted)}`);
  }
  const normalized = normalizePixels(graph, 'pixel_values', config);
  return type === DATA_TYPES.float32
    ? normalized
    : graph.node('Cast', [normalized], { to: { int: type } });
}

/** @returns the values that take the places of inputs */
function ids(graph: GraphBuilder, file: OnnxFile, { inputs }: Part): Map<string, Value> {
  const values = new Map<string, Value>();
  const { type } = inputOf(file, 'input_ids', [6, 7], 2);
  if (type !== DATA_TYPES.int64) {
    values.set('input_ids', graph.node('Cast', ['input_ids'], { to: { int: type } }));
  }
  if (inputs.includes('attention_mask')) {
    const mask = inputOf(file, 'attention_mask', [1, 6, 7, 9], 2);
    // All of it is text: what fills a text up is what the model was trained with, or comes after the end of a causal one.
    const zeros = graph.node('Mul', ['input_ids', graph.integers(0)]);
    const ones = graph.node('Add', [zeros, graph.integers(1)]);
    const isInt64 = mask.type === DATA_TYPES.int64;
    const value = isInt64 ? ones : graph.node('Cast', [ones], { to: { int: mask.type } });
    values.set('attention_mask', value);
  }
  return values;
}

function inputOf(file: OnnxFile, name: string, types: readonly number[], rank: number): OnnxValue {
  const found = file.inputs.find((input) => input.name === name);
  if (found !== undefined && types.includes(found.type) && found.shape.length === rank)
    return found;
  throw fault(
    file,
    `has an input ${name} of data type ${String(found?.type)} and ${String(found?.shape.length)} dimensions, which is not known`,
  );
}

function contextLength(file: OnnxFile, { text }: ServedConfig): number {
  const length = file.inputs.find(({ name }) => name === 'input_ids')?.shape[1];
  return typeof length === 'number' && length > 0 ? length : text.contextLength;
}

function lastSize({ shape }: OnnxValue): number | undefined {
  const last = shape.at(-1);
  return typeof last === 'number' && last > 0 ? last : undefined;
}

const list = (names: readonly string[]) => names.map((name) => name.slice(0, 100)).join(', ');

export function fault({ path: file }: Pick<OnnxFile, 'path'>, what: string): AppError {
  return new AppError('BAD_USER_INPUT', `${path.basename(file)} ${what}.`);
}
