import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Manifest } from '../../src/siglip/manifest.js';
import { type OnnxTensor, runOnnx } from './onnx.js';

/** What the public reference implementation computed; see the file's own description. */
export interface Golden {
  readonly image_size: number;
  readonly texts: readonly {
    readonly input_ids: readonly number[];
    readonly embedding: readonly number[];
  }[];
  readonly images: readonly {
    readonly pixels_f32_base64: string;
    readonly embedding: readonly number[];
    readonly logits: readonly number[];
    readonly probs: readonly number[];
  }[];
}

/** A small random checkpoint in the published layout, and what the reference computed from it. */
export const FIXTURE = path.resolve(import.meta.dirname, '../fixtures/siglip-micro');
export const golden = JSON.parse(readFileSync(path.join(FIXTURE, 'golden.json'), 'utf8')) as Golden;
export const size = golden.image_size;
/** Normalized planes of each image, [3, S, S]. */
export const pixels = golden.images.map(({ pixels_f32_base64: base64 }) => {
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return Array.from(new Float32Array(bytes.buffer));
});

/** The bytes that the reference's normalized planes came from; the graph normalizes them itself. */
export function imageBatch(rows: readonly (readonly number[])[]): Record<string, OnnxTensor> {
  const area = size * size;
  const bytes = rows.flatMap((planes) =>
    Array.from({ length: area * 3 }, (_, i) => {
      const value = planes[(i % 3) * area + Math.floor(i / 3)] ?? NaN;
      return Math.round((value * 0.5 + 0.5) * 255);
    }),
  );
  return { pixel_values: tensor('uint8', [rows.length, size, size, 3], bytes) };
}

export function textBatch(rows: readonly (readonly number[])[]): Record<string, OnnxTensor> {
  return { input_ids: tensor('int64', [rows.length, 64], rows.flat()) };
}

export function tensor(
  type: OnnxTensor['type'],
  dims: number[],
  values: readonly number[],
): OnnxTensor {
  return { type, dims, values };
}

/** Largest L2 distance of two embeddings of the same thing, both brought to length 1. */
export function worstDistance(
  rows: readonly number[][],
  reference: readonly { readonly embedding: readonly number[] }[],
): number {
  return Math.max(
    ...rows.map((row, i) => distance(unit(row), unit(reference[i]?.embedding ?? []))),
  );
}

function unit(row: readonly number[]): number[] {
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
}

export function distance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, i) => value - (b[i] ?? NaN)), a.length - b.length);
}

export function largestDifference(a: readonly number[] = [], b: readonly number[]): number {
  return Math.max(...b.map((value, i) => Math.abs(value - (a[i] ?? NaN))));
}

export function rowsOf(result: OnnxTensor | undefined): number[][] {
  return chunk(result?.values ?? [], result?.dims[0] ?? 0);
}

function chunk(values: readonly number[], rows: number): number[][] {
  const width = values.length / rows;
  return Array.from({ length: rows }, (_, i) => values.slice(i * width, (i + 1) * width));
}

/** Embeddings of all images and texts, each run alone. */
export async function embedAll(
  folder: string,
  { image, text }: { image: { file: string }; text: { file: string } },
  options: object = {},
) {
  const imageRuns = pixels.map((row) => imageBatch([row]));
  const textRuns = golden.texts.map(({ input_ids: ids }) => textBatch([ids]));
  return {
    images: chunk(
      await embed(path.join(folder, image.file), imageRuns, 'image_embeds', options),
      pixels.length,
    ),
    texts: chunk(
      await embed(path.join(folder, text.file), textRuns, 'text_embeds', options),
      golden.texts.length,
    ),
  };
}

/** The output's values, of all runs one after the other. */
export async function embed(
  file: string,
  runs: Record<string, OnnxTensor>[],
  output: string,
  options: object = {},
) {
  const { outputs } = await runOnnx(file, runs, { ...options });
  return outputs.flatMap((outputsOfRun) => outputsOfRun[output]?.values ?? []);
}

/** `[images, texts]`. */
export function logits(
  { logitScale, logitBias }: Manifest['scoring'],
  images: readonly number[][],
  texts: readonly number[][],
): number[][] {
  return images.map((image) =>
    texts.map((text) => {
      const cosine = image.reduce((sum, value, i) => sum + value * (text[i] ?? NaN), 0);
      return logitScale * cosine + logitBias;
    }),
  );
}
