import { AppError } from '../errors.js';
import { CONFIG_FILE, type SiglipConfig, type TowerConfig } from './config.js';
import type { TensorInfo } from './safetensors-header.js';

/** What the config expects of one tensor. */
interface Expected {
  readonly shape: readonly number[];
  /** The settings that the shape follows from, for the message when it does not. */
  readonly because: string;
}

/** Names inside one block; open_clip writes its text tower, timm the vision tower. */
export interface BlockNames {
  readonly norm1: string;
  /** Query, key and value in one, in this order: `[3 · width, width]`. */
  readonly qkvWeight: string;
  readonly qkvBias: string;
  readonly attentionOut: string;
  readonly norm2: string;
  readonly mlpUp: string;
  readonly mlpDown: string;
}

export const VISION_PREFIX = 'visual.trunk.';
export const TEXT_PREFIX = 'text.';

/** Names of a vision block's tensors; those without `Weight` or `Bias` take `.weight` and `.bias`. */
export function visionBlockNames(index: number): BlockNames {
  const block = `${VISION_PREFIX}blocks.${String(index)}.`;
  return {
    norm1: `${block}norm1`,
    qkvWeight: `${block}attn.qkv.weight`,
    qkvBias: `${block}attn.qkv.bias`,
    attentionOut: `${block}attn.proj`,
    norm2: `${block}norm2`,
    mlpUp: `${block}mlp.fc1`,
    mlpDown: `${block}mlp.fc2`,
  };
}

/** As {@link visionBlockNames}, for the text tower. */
export function textBlockNames(index: number): BlockNames {
  const block = `${TEXT_PREFIX}transformer.resblocks.${String(index)}.`;
  return {
    norm1: `${block}ln_1`,
    qkvWeight: `${block}attn.in_proj_weight`,
    qkvBias: `${block}attn.in_proj_bias`,
    attentionOut: `${block}attn.out_proj`,
    norm2: `${block}ln_2`,
    mlpUp: `${block}mlp.c_fc`,
    mlpDown: `${block}mlp.c_proj`,
  };
}

/**
 * Checks that a checkpoint holds exactly the tensors of the config, each in its shape, as open_clip's
 * strict loading does. A tensor too many is refused too: it would be a part of the model that we leave out.
 *
 * @throws AppError BAD_USER_INPUT that names the tensor, what it has and what the config asks for
 */
export function checkTensors(config: SiglipConfig, tensors: ReadonlyMap<string, TensorInfo>): void {
  checkDepth('vision', config.vision.depth, tensors, /^visual\.trunk\.blocks\.(\d+)\./);
  checkDepth('text', config.text.depth, tensors, /^text\.transformer\.resblocks\.(\d+)\./);
  const expected = expectedTensors(config);
  for (const [name, { shape, because }] of expected) {
    const tensor = tensors.get(name);
    if (!tensor) throw new AppError('BAD_USER_INPUT', `The checkpoint has no tensor "${name}".`);
    // A scalar may be stored as one element of rank 1 (open_clip, src/open_clip/factory.py).
    if (shape.length === 0 && tensor.shape.join() === '1') continue;
    if (tensor.shape.join() === shape.join() && tensor.shape.length === shape.length) continue;
    throw new AppError(
      'BAD_USER_INPUT',
      `Tensor "${name}" is ${show(tensor.shape)} in the checkpoint, but ${show(shape)} by ${CONFIG_FILE} (${because}).`,
    );
  }
  for (const name of tensors.keys()) {
    if (expected.has(name)) continue;
    throw new AppError(
      'BAD_USER_INPUT',
      `The checkpoint has a tensor "${name}", which a SigLIP model of this ${CONFIG_FILE} does not have.`,
    );
  }
}

/** Every tensor of the checkpoint by name: 10 + 13 + 12 per block (674 for SO400M). */
export function expectedTensors(config: SiglipConfig): ReadonlyMap<string, Expected> {
  return new Map([
    ['logit_scale', { shape: [], because: 'a scalar' }],
    ['logit_bias', { shape: [], because: 'a scalar' }],
    ...visionTensors(config),
    ...textTensors(config),
  ]);
}

function visionTensors({ vision }: SiglipConfig): [string, Expected][] {
  const { width, patchSize, imageSize, tokens } = vision;
  const wide = `width ${String(width)}`;
  const pool = `${VISION_PREFIX}attn_pool.`;
  const patches = `image_size ${String(imageSize)}, patch_size ${String(patchSize)}, ${wide}`;
  return [
    [
      `${VISION_PREFIX}patch_embed.proj.weight`,
      { shape: [width, 3, patchSize, patchSize], because: patches },
    ],
    [`${VISION_PREFIX}patch_embed.proj.bias`, { shape: [width], because: wide }],
    [`${VISION_PREFIX}pos_embed`, { shape: [1, tokens, width], because: patches }],
    ...blockTensors(vision, visionBlockNames),
    ...norm(`${VISION_PREFIX}norm`, width),
    [`${pool}latent`, { shape: [1, 1, width], because: wide }],
    ...linear(`${pool}q`, width, width, wide),
    ...linear(`${pool}kv`, 2 * width, width, wide),
    ...linear(`${pool}proj`, width, width, wide),
    ...norm(`${pool}norm`, width),
    ...mlp(vision, `${pool}mlp.fc1`, `${pool}mlp.fc2`),
  ];
}

function textTensors({ text, embedDim }: SiglipConfig): [string, Expected][] {
  const { width, vocabSize, contextLength } = text;
  const wide = `width ${String(width)}`;
  return [
    [
      `${TEXT_PREFIX}token_embedding.weight`,
      { shape: [vocabSize, width], because: `vocab_size ${String(vocabSize)}, ${wide}` },
    ],
    [
      `${TEXT_PREFIX}positional_embedding`,
      {
        shape: [contextLength, width],
        because: `context_length ${String(contextLength)}, ${wide}`,
      },
    ],
    ...blockTensors(text, textBlockNames),
    ...norm(`${TEXT_PREFIX}ln_final`, width),
    ...linear(
      `${TEXT_PREFIX}text_projection`,
      embedDim,
      width,
      `embed_dim ${String(embedDim)}, ${wide}`,
    ),
  ];
}

function blockTensors(
  tower: TowerConfig,
  namesOf: (index: number) => BlockNames,
): [string, Expected][] {
  const { width, depth } = tower;
  const because = `width ${String(width)}`;
  return Array.from({ length: depth }, (_, index) => namesOf(index)).flatMap((names) => [
    ...norm(names.norm1, width),
    [names.qkvWeight, { shape: [3 * width, width], because }],
    [names.qkvBias, { shape: [3 * width], because }],
    ...linear(names.attentionOut, width, width, because),
    ...norm(names.norm2, width),
    ...mlp(tower, names.mlpUp, names.mlpDown),
  ]);
}

function mlp({ width, mlpWidth }: TowerConfig, up: string, down: string): [string, Expected][] {
  const because = `width ${String(width)}, mlp_ratio for ${String(mlpWidth)}`;
  return [...linear(up, mlpWidth, width, because), ...linear(down, width, mlpWidth, because)];
}

/** PyTorch's layout: `[out, in]`. */
function linear(name: string, out: number, input: number, because: string): [string, Expected][] {
  return [
    [`${name}.weight`, { shape: [out, input], because }],
    [`${name}.bias`, { shape: [out], because }],
  ];
}

function norm(name: string, width: number): [string, Expected][] {
  const expected = { shape: [width], because: `width ${String(width)}` };
  return [
    [`${name}.weight`, expected],
    [`${name}.bias`, expected],
  ];
}

function checkDepth(
  tower: string,
  depth: number,
  tensors: ReadonlyMap<string, TensorInfo>,
  block: RegExp,
): void {
  const blocks = new Set([...tensors.keys()].flatMap((name) => block.exec(name)?.[1] ?? []));
  if (blocks.size === depth) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `The checkpoint has ${String(blocks.size)} ${tower} blocks, but ${CONFIG_FILE} asks for ${String(depth)}.`,
  );
}

function show(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
