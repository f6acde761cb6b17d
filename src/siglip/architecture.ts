import { AppError } from '../errors.js';
import type { ModelConfig, TowerConfig } from './model-config.js';
import { blockNames, type BlocksNames, type LinearNames, type TensorRef } from './names.js';
import type { TensorInfo } from './safetensors-header.js';

/** What the config expects of one tensor. */
interface Expected {
  readonly shape: readonly number[];
  /** The settings that the shape follows from, for the message when it does not. */
  readonly because: string;
}

type Entry = [string, Expected];

/**
 * Checks that a checkpoint holds exactly the tensors of the config, each in its shape, as the references'
 * strict loading does. A tensor too many is refused too: it would be a part of the model that we leave out.
 *
 * @throws AppError BAD_USER_INPUT that names the tensor, what it has and what the config asks for
 */
export function checkTensors(config: ModelConfig, tensors: ReadonlyMap<string, TensorInfo>): void {
  const { names } = config;
  checkDepth('vision', config.vision.depth, tensors, names.vision.blocks);
  checkDepth('text', config.text.depth, tensors, names.text.blocks);
  const expected = expectedTensors(config);
  for (const [name, { shape, because }] of expected) {
    const tensor = tensors.get(name);
    if (!tensor) throw new AppError('BAD_USER_INPUT', `The checkpoint has no tensor "${name}".`);
    if (tensor.dtype === 'I64') {
      throw new AppError('BAD_USER_INPUT', `Tensor "${name}" contains integers, not weights.`);
    }
    // A scalar may be stored as one element of rank 1 (open_clip, src/open_clip/factory.py).
    if (shape.length === 0 && tensor.shape.join() === '1') continue;
    if (tensor.shape.join() === shape.join() && tensor.shape.length === shape.length) continue;
    throw new AppError(
      'BAD_USER_INPUT',
      `Tensor "${name}" is ${show(tensor.shape)} in the checkpoint, but ${show(shape)} by its config (${because}).`,
    );
  }
  for (const name of tensors.keys()) {
    if (expected.has(name) || names.ignored.some((ignored) => ignored.test(name))) continue;
    throw new AppError(
      'BAD_USER_INPUT',
      `The checkpoint has a tensor "${name}", which a model of this config does not have.`,
    );
  }
}

/** Every tensor of the checkpoint by name: for SO400M 674 where q, k and v are packed, 888 where they are not. */
export function expectedTensors(config: ModelConfig): ReadonlyMap<string, Expected> {
  const { logitScale, logitBias } = config.names;
  const scalar = { shape: [], because: 'a scalar' };
  return new Map<string, Expected>([
    [logitScale, scalar],
    ...(logitBias === undefined ? [] : [[logitBias, scalar] satisfies Entry]),
    ...visionTensors(config),
    ...textTensors(config),
  ]);
}

function visionTensors({ vision, names: { vision: names }, embedDim }: ModelConfig): Entry[] {
  const { width, patchSize, imageSize, tokens } = vision;
  const wide = `width ${String(width)}`;
  const because = `image size ${String(imageSize)}, patch size ${String(patchSize)}, ${wide}`;
  const { pool, patches, classToken, normBefore, projection } = names;
  return [
    tensor(patches.weight, [width, 3, patchSize, patchSize], because),
    ...(patches.bias ? [tensor(patches.bias, [width], wide)] : []),
    ...(classToken ? [tensor(classToken, [width], wide)] : []),
    tensor(names.positions, [tokens, width], because),
    ...(normBefore === undefined ? [] : norm(normBefore, width)),
    ...blockTensors(vision, names.blocks),
    ...norm(names.norm, width),
    ...(pool
      ? [
          tensor(pool.probe, [width], wide),
          ...[pool.query, pool.key, pool.value, pool.out].flatMap((one) =>
            linear(one, width, width, wide),
          ),
          ...norm(pool.norm, width),
          ...mlp(vision, pool.mlpUp, pool.mlpDown),
        ]
      : []),
    ...(projection ? linear(projection, embedDim, width, `embed_dim ${String(embedDim)}`) : []),
  ];
}

function textTensors({ text, names: { text: names }, embedDim }: ModelConfig): Entry[] {
  const { width, vocabSize, contextLength } = text;
  const wide = `width ${String(width)}`;
  return [
    tensor(names.tokens, [vocabSize, width], `vocabulary ${String(vocabSize)}, ${wide}`),
    tensor(names.positions, [contextLength, width], `context ${String(contextLength)}, ${wide}`),
    ...blockTensors(text, names.blocks),
    ...norm(names.norm, width),
    ...(names.projection
      ? linear(names.projection, embedDim, width, `embed_dim ${String(embedDim)}, ${wide}`)
      : []),
  ];
}

function blockTensors(tower: TowerConfig, blocks: BlocksNames): Entry[] {
  const { width, depth } = tower;
  const because = `width ${String(width)}`;
  return Array.from({ length: depth }, (_, index) => blockNames(blocks, index)).flatMap((names) => [
    ...norm(names.norm1, width),
    ...[names.query, names.key, names.value, names.attentionOut].flatMap((one) =>
      linear(one, width, width, because),
    ),
    ...norm(names.norm2, width),
    ...mlp(tower, names.mlpUp, names.mlpDown),
  ]);
}

function mlp({ width, mlpWidth }: TowerConfig, up: LinearNames, down: LinearNames): Entry[] {
  const because = `width ${String(width)}, MLP width ${String(mlpWidth)}`;
  return [...linear(up, mlpWidth, width, because), ...linear(down, width, mlpWidth, because)];
}

function linear(names: LinearNames, out: number, input: number, because: string): Entry[] {
  const shape = names.transposed ? [input, out] : [out, input];
  return [
    tensor(names.weight, shape, because),
    ...(names.bias ? [tensor(names.bias, [out], because)] : []),
  ];
}

function norm(name: string, width: number): Entry[] {
  const expected = { shape: [width], because: `width ${String(width)}` };
  return [
    [`${name}.weight`, expected],
    [`${name}.bias`, expected],
  ];
}

/** @param shape that of the part, where the ref is one: the tensor has as many rows for each of them */
function tensor(
  { tensor: name, part, leadingOnes = 0 }: TensorRef,
  [rows = 1, ...rest]: readonly number[],
  because: string,
): Entry {
  const ones = Array.from({ length: leadingOnes }, () => 1);
  return [name, { shape: [...ones, rows * (part?.of ?? 1), ...rest], because }];
}

function checkDepth(
  tower: string,
  depth: number,
  tensors: ReadonlyMap<string, TensorInfo>,
  { prefix }: BlocksNames,
): void {
  const blocks = new Set<string>();
  for (const name of tensors.keys()) {
    if (!name.startsWith(prefix)) continue;
    const end = name.indexOf('.', prefix.length);
    if (end > 0) blocks.add(name.slice(prefix.length, end));
  }
  if (blocks.size === depth) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `The checkpoint has ${String(blocks.size)} ${tower} blocks, but its config asks for ${String(depth)}.`,
  );
}

function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
