import { mkdir, open, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Dtype } from '../../src/siglip/safetensors-header.js';

export interface RandomCheckpoint {
  readonly vision: {
    /** Pixels of one side. */
    readonly imageSize: number;
    readonly patchSize: number;
    readonly width: number;
    readonly depth: number;
    readonly heads: number;
    readonly mlpRatio: number;
    readonly activation?: 'gelu' | 'gelu_tanh';
  };
  readonly text: {
    readonly contextLength: number;
    readonly vocabSize: number;
    readonly width: number;
    readonly depth: number;
    readonly heads: number;
    readonly mlpRatio: number;
    readonly activation?: 'gelu' | 'gelu_tanh';
  };
  /** F32 by default. */
  readonly dtype?: Dtype;
  /** The same seed gives the same bytes. 1 by default. */
  readonly seed?: number;
}

const PIECE_VALUES = 2 ** 20;

/**
 * Writes a checkpoint of the published layout with random weights, of any size, streaming; a few seconds
 * for SO400M. Imports nothing, so that the measurements run it as it is. The weights keep activations
 * near 1, so that no layer hides another’s fault.
 *
 * @param shapesOf the tensors that a model of this `open_clip_config.json` has
 */
export async function writeRandomCheckpoint(
  folder: string,
  model: RandomCheckpoint,
  shapesOf: (config: string) => ReadonlyMap<string, { readonly shape: readonly number[] }>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const config = JSON.stringify(openClipConfig(model), null, 1);
  await writeFile(path.join(folder, 'open_clip_config.json'), config);
  const dtype = model.dtype ?? 'F32';
  const bytesEach = dtype === 'F32' ? 4 : 2;
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const tensors = [...shapesOf(config)].map(([name, { shape }]) => ({
    name,
    shape,
    elements: shape.reduce((product, size) => product * size, 1),
  }));
  let end = 0;
  for (const { name, shape, elements } of tensors) {
    const begin = end;
    end += elements * bytesEach;
    header[name] = { dtype, shape, data_offsets: [begin, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const file = await open(path.join(folder, 'open_clip_model.safetensors'), 'w');
  try {
    await file.writeFile(length);
    await file.writeFile(json);
    const random = randomBits(model.seed ?? 1);
    for (const { name, shape, elements } of tensors) {
      const { mean, deviation } = distribution(name, shape);
      for (let done = 0; done < elements; done += PIECE_VALUES) {
        const values = new Float32Array(Math.min(PIECE_VALUES, elements - done));
        for (let i = 0; i < values.length; i += 1) values[i] = mean + deviation * normal(random());
        await file.writeFile(encode(values, dtype));
      }
    }
    // Gigabytes that are still on their way to the disk would slow down what is measured next.
    await file.sync();
  } finally {
    await file.close();
  }
}

function distribution(name: string, shape: readonly number[]): { mean: number; deviation: number } {
  if (name === 'logit_scale') return { mean: Math.log(10), deviation: 0 };
  if (name === 'logit_bias') return { mean: -1.5, deviation: 0 };
  if (/(norm\d?|ln_\d|ln_final)\.weight$/.test(name)) return { mean: 1, deviation: 0.2 };
  if (shape.length === 1) return { mean: 0, deviation: 0.1 };
  if (/embed|latent/.test(name) && !name.includes('patch_embed'))
    return { mean: 0, deviation: 0.7 };
  const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
  return { mean: 0, deviation: 1.2 / Math.sqrt(inputs) };
}

/** mulberry32: 32 random bits a call. */
function randomBits(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return (bits ^ (bits >>> 14)) >>> 0;
  };
}

/** Nearly normal, mean 0 and deviation 1: the sum of the four bytes of 32 random bits. */
function normal(bits: number): number {
  const sum = (bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24);
  return (sum - 510) / 147.8;
}

function encode(values: Float32Array, dtype: Dtype): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer);
  const halves = new Uint16Array(values.length);
  const bits = new Uint32Array(values.buffer);
  // Cut, not rounded, which random weights do not mind.
  for (let i = 0; i < halves.length; i += 1) {
    halves[i] = dtype === 'BF16' ? (bits[i] ?? 0) >>> 16 : toHalf(bits[i] ?? 0);
  }
  return new Uint8Array(halves.buffer);
}

/** The float16 next to zero of a float32; what is too small becomes zero, what is too large infinity. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  if (exponent <= 0) return sign;
  return exponent >= 31 ? sign | 0x7c00 : sign | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}

function openClipConfig({ vision, text }: RandomCheckpoint) {
  return {
    model_cfg: {
      embed_dim: vision.width,
      init_logit_bias: -10,
      custom_text: true,
      vision_cfg: {
        image_size: vision.imageSize,
        timm_model_name: 'vit_so400m_patch14_siglip_384',
        timm_model_pretrained: false,
        timm_pool: 'map',
        timm_proj: 'none',
        timm_model_kwargs: {
          img_size: vision.imageSize,
          patch_size: vision.patchSize,
          embed_dim: vision.width,
          depth: vision.depth,
          num_heads: vision.heads,
          mlp_ratio: vision.mlpRatio,
          act_layer: vision.activation ?? 'gelu',
        },
      },
      text_cfg: {
        context_length: text.contextLength,
        vocab_size: text.vocabSize,
        hf_tokenizer_name: 'timm/ViT-B-16-SigLIP',
        tokenizer_kwargs: { clean: 'canonicalize' },
        width: text.width,
        heads: text.heads,
        layers: text.depth,
        mlp_ratio: text.mlpRatio,
        no_causal_mask: true,
        proj_bias: true,
        pool_type: 'last',
        norm_kwargs: { eps: 1e-6 },
        ...(text.activation === 'gelu_tanh' ? { act_kwargs: { approximate: 'tanh' } } : {}),
      },
    },
    preprocess_cfg: {
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      interpolation: 'bicubic',
      resize_mode: 'squash',
    },
  };
}
