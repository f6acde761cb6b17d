import { readFileSync } from 'node:fs';
import path from 'node:path';

/*
 * SigLIP's forward pass, written for reading: plain loops in float64, one function a layer, the names of
 * the checkpoint spelled out. It shares no code with src/siglip, so that both can only be wrong together
 * by being wrong twice; golden.json, from the public reference implementation, holds it to the truth.
 */

/** Rows of numbers. */
type Matrix = number[][];

interface Tower {
  readonly heads: number;
  readonly epsilon: number;
  readonly gelu: (x: number) => number;
}

export interface ReferenceSiglip {
  /** @param pixels normalized, `[3, S, S]` row-major. Not L2-normalized. */
  embedImage(pixels: ArrayLike<number>): number[];
  /** @param ids exactly the context length. Not L2-normalized. */
  embedText(ids: readonly number[]): number[];
  /** `exp(logit_scale) · cosine + logit_bias`. */
  logit(image: readonly number[], text: readonly number[]): number;
}

/** Reads a checkpoint of the published layout. */
export function loadReferenceSiglip(folder: string): ReferenceSiglip {
  const { model_cfg: model } = JSON.parse(
    readFileSync(path.join(folder, 'open_clip_config.json'), 'utf8'),
  ) as OpenClipConfig;
  const weights = readWeights(path.join(folder, 'open_clip_model.safetensors'));
  const kwargs = model.vision_cfg.timm_model_kwargs;
  const vision: Tower = {
    heads: kwargs.num_heads,
    epsilon: 1e-6,
    gelu: kwargs.act_layer === 'gelu_tanh' ? geluTanh : geluErf,
  };
  const text: Tower = {
    heads: model.text_cfg.heads,
    epsilon: model.text_cfg.norm_kwargs.eps,
    gelu: model.text_cfg.act_kwargs?.approximate === 'tanh' ? geluTanh : geluErf,
  };
  return {
    embedImage(pixels) {
      let x = patches(weights, pixels, model.vision_cfg.image_size);
      for (let i = 0; i < kwargs.depth; i += 1) {
        const block = `visual.trunk.blocks.${String(i)}.`;
        const attended = selfAttention(weights, vision, norm(weights, vision, x, `${block}norm1`), {
          qkvWeight: `${block}attn.qkv.weight`,
          qkvBias: `${block}attn.qkv.bias`,
          out: `${block}attn.proj`,
        });
        x = add(x, attended);
        const normed = norm(weights, vision, x, `${block}norm2`);
        x = add(x, mlp(weights, vision, normed, `${block}mlp.fc1`, `${block}mlp.fc2`));
      }
      return attentionPool(weights, vision, norm(weights, vision, x, 'visual.trunk.norm'));
    },
    embedText(ids) {
      const table = weights.matrix('text.token_embedding.weight');
      const positions = weights.matrix('text.positional_embedding');
      let x = add(
        ids.map((id) => at(table, id)),
        positions,
      );
      for (let i = 0; i < model.text_cfg.layers; i += 1) {
        const block = `text.transformer.resblocks.${String(i)}.`;
        const attended = selfAttention(weights, text, norm(weights, text, x, `${block}ln_1`), {
          qkvWeight: `${block}attn.in_proj_weight`,
          qkvBias: `${block}attn.in_proj_bias`,
          out: `${block}attn.out_proj`,
        });
        x = add(x, attended);
        const normed = norm(weights, text, x, `${block}ln_2`);
        x = add(x, mlp(weights, text, normed, `${block}mlp.c_fc`, `${block}mlp.c_proj`));
      }
      const last = norm(weights, text, x, 'text.ln_final').slice(-1);
      return at(linear(weights, last, 'text.text_projection'), 0);
    },
    logit(image, text) {
      const cosine = dot(image, text) / Math.sqrt(dot(image, image) * dot(text, text));
      return (
        Math.exp(at(weights.vector('logit_scale'), 0)) * cosine +
        at(weights.vector('logit_bias'), 0)
      );
    },
  };
}

/** One row a patch; the convolution's stride is its size, so that each patch is one dot product. */
function patches(weights: Weights, pixels: ArrayLike<number>, imageSize: number): Matrix {
  const [width = 0, , patch = 0] = weights.shape('visual.trunk.patch_embed.proj.weight');
  const kernels = weights.matrix('visual.trunk.patch_embed.proj.weight', width);
  const bias = weights.vector('visual.trunk.patch_embed.proj.bias');
  const side = Math.floor(imageSize / patch);
  const positions = weights.matrix('visual.trunk.pos_embed', side * side);
  return positions.map((position, index) => {
    const top = Math.floor(index / side) * patch;
    const left = (index % side) * patch;
    const inside: number[] = [];
    for (let channel = 0; channel < 3; channel += 1) {
      for (let y = top; y < top + patch; y += 1) {
        for (let x = left; x < left + patch; x += 1) {
          inside.push(pixels[(channel * imageSize + y) * imageSize + x] ?? NaN);
        }
      }
    }
    return position.map((value, o) => value + dot(at(kernels, o), inside) + at(bias, o));
  });
}

function attentionPool(weights: Weights, tower: Tower, x: Matrix): number[] {
  const pool = 'visual.trunk.attn_pool.';
  const query = linear(weights, [weights.vector(`${pool}latent`)], `${pool}q`);
  const [key = [], value = []] = cutColumns(linear(weights, x, `${pool}kv`), 2);
  const mixed = attention(query, key, value, tower.heads);
  const y = linear(weights, mixed, `${pool}proj`);
  const normed = norm(weights, tower, y, `${pool}norm`);
  return at(add(y, mlp(weights, tower, normed, `${pool}mlp.fc1`, `${pool}mlp.fc2`)), 0);
}

function selfAttention(
  weights: Weights,
  tower: Tower,
  x: Matrix,
  names: { qkvWeight: string; qkvBias: string; out: string },
): Matrix {
  const qkv = affine(x, weights.matrix(names.qkvWeight), weights.vector(names.qkvBias));
  const [query = [], key = [], value = []] = cutColumns(qkv, 3);
  return linear(weights, attention(query, key, value, tower.heads), names.out);
}

/** Each head looks at its own stretch of the width. */
function attention(query: Matrix, key: Matrix, value: Matrix, heads: number): Matrix {
  const size = at(query, 0).length / heads;
  return query.map((q) =>
    Array.from({ length: heads }, (_, head) => {
      const from = head * size;
      const to = from + size;
      const scores = key.map((k) => dot(q.slice(from, to), k.slice(from, to)) / Math.sqrt(size));
      const highest = Math.max(...scores);
      const shares = scores.map((score) => Math.exp(score - highest));
      const total = shares.reduce((sum, share) => sum + share, 0);
      return Array.from({ length: size }, (_, i) =>
        shares.reduce((sum, share, j) => sum + (share / total) * at(at(value, j), from + i), 0),
      );
    }).flat(),
  );
}

function mlp(weights: Weights, tower: Tower, x: Matrix, up: string, down: string): Matrix {
  const wide = linear(weights, x, up).map((row) => row.map((value) => tower.gelu(value)));
  return linear(weights, wide, down);
}

function norm(weights: Weights, { epsilon }: Tower, x: Matrix, name: string): Matrix {
  const gain = weights.vector(`${name}.weight`);
  const shift = weights.vector(`${name}.bias`);
  return x.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map(
      (value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * at(gain, i) + at(shift, i),
    );
  });
}

function linear(weights: Weights, x: Matrix, name: string): Matrix {
  return affine(x, weights.matrix(`${name}.weight`), weights.vector(`${name}.bias`));
}

function affine(x: Matrix, weight: Matrix, bias: readonly number[]): Matrix {
  return x.map((row) => weight.map((out, i) => dot(row, out) + at(bias, i)));
}

/** Cuts the columns into equal parts. */
function cutColumns(x: Matrix, parts: number): Matrix[] {
  const size = at(x, 0).length / parts;
  return Array.from({ length: parts }, (_, part) =>
    x.map((row) => row.slice(part * size, (part + 1) * size)),
  );
}

function add(a: Matrix, b: Matrix): Matrix {
  return a.map((row, i) => row.map((value, j) => value + at(at(b, i), j)));
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += at(a, i) * at(b, i);
  return sum;
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new RangeError(`No element ${String(index)}.`);
  return value;
}

function geluErf(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2));
}

function geluTanh(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

/** 2/√π · e^(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!, whose terms all have one sign; ±1 to 1e-14 beyond 5.5. */
function erf(x: number): number {
  if (Math.abs(x) > 5.5) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

interface Weights {
  shape(name: string): readonly number[];
  vector(name: string): number[];
  /** Rows of the first axis, or as many as asked for. */
  matrix(name: string, rows?: number): Matrix;
}

function readWeights(file: string): Weights {
  const bytes = readFileSync(file);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + headerBytes)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const entry = (name: string) => {
    const found = header[name];
    if (!found) throw new Error(`No tensor ${name}.`);
    return found;
  };
  const vector = (name: string) => {
    const { dtype, data_offsets: offsets } = entry(name);
    const step = dtype === 'F32' ? 4 : 2;
    const [begin, end] = offsets.map((offset) => 8 + headerBytes + offset) as [number, number];
    return Array.from({ length: (end - begin) / step }, (_, i) => {
      const offset = begin + step * i;
      if (dtype === 'F32') return bytes.readFloatLE(offset);
      return dtype === 'BF16'
        ? bfloat16(bytes.readUInt16LE(offset))
        : float16(bytes.readUInt16LE(offset));
    });
  };
  return {
    shape: (name) => entry(name).shape,
    vector,
    matrix(name, rows = entry(name).shape[0] ?? 1) {
      const values = vector(name);
      const width = values.length / rows;
      return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
    },
  };
}

function bfloat16(bits: number): number {
  const whole = Buffer.alloc(4);
  whole.writeUInt16LE(bits, 2);
  return whole.readFloatLE();
}

function float16(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  return exponent === 0 ? sign * fraction * 2 ** -14 : sign * (1 + fraction) * 2 ** (exponent - 15);
}

/** What is read of `open_clip_config.json`. */
interface OpenClipConfig {
  readonly model_cfg: {
    readonly vision_cfg: {
      readonly image_size: number;
      readonly timm_model_kwargs: {
        readonly depth: number;
        readonly num_heads: number;
        readonly act_layer?: string;
      };
    };
    readonly text_cfg: {
      readonly layers: number;
      readonly heads: number;
      readonly norm_kwargs: { readonly eps: number };
      readonly act_kwargs?: { readonly approximate?: string };
    };
  };
}
