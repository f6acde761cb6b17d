import { hash } from 'node:crypto';
import pLimit from 'p-limit';
import { AppError } from '../errors.js';
import type { Parts } from '../platform/server-timing.js';
import { graphName, type Tower } from '../predictor/graph-name.js';
import type { Tensor } from '../predictor/tensor.js';
import { imagePixels } from '../siglip/index.js';
import { forEachImage } from './for-each-image.js';
import { EmbeddingCache, type Embeddings } from './embedding-cache.js';
import type { LoadedModel } from './model.service.js';
import type { Predictors } from './predictors.service.js';
import { SharedRun } from './shared-run.js';

/**
 * Images that are made into pixels at the same time. Each takes its turns on the event loop, a few
 * milliseconds long, and up to 400 MB: more at once would make all other callers wait.
 */
const DECODING_MAX = 2;

/** Rows that a predictor gets in one request: all labels of a call, and half of what ours takes. */
const TEXTS_PER_RUN = 512;

/** A predictor that runs answers a question in a millisecond. */
const CHECK_MS = 2_000;

export interface EmbeddingOptions {
  /** Bytes of the two caches. */
  readonly textCacheBytesMax: number;
  readonly imageCacheBytesMax: number;
  /** Longest time for one run of the predictor, its queue included, in milliseconds. */
  readonly timeoutMs: number;
}

/** Told milliseconds of `decode`, `queue` and `infer`, for what was run for this caller. */
export type OnParts = (parts: Parts) => void;

/** An image file, and what tells it from others. */
export interface ImageFile {
  readonly bytes: Uint8Array;
  /** Of the bytes, in base64url. */
  readonly sha256: string;
}

export function imageFileOf(bytes: Uint8Array): ImageFile {
  return { bytes, sha256: hash('sha256', bytes, 'base64url') };
}

/** An image that can be embedded: it was decoded now, or whenever it was embedded before. */
export interface CheckedImage {
  readonly file: ImageFile;
  /** Left out while its embedding is kept, or being computed. */
  readonly pixels: Uint8Array | undefined;
}

/** Embeds images and prompts with a predictor, and keeps what was embedded. */
export class EmbeddingService {
  readonly texts: EmbeddingCache;
  readonly images: EmbeddingCache;
  private readonly decoding = pLimit(DECODING_MAX);
  private readonly decodes = new Map<string, SharedRun<Uint8Array>>();

  constructor(
    private readonly predictors: Predictors,
    private readonly options: EmbeddingOptions,
  ) {
    this.texts = new EmbeddingCache(options.textCacheBytesMax);
    this.images = new EmbeddingCache(options.imageCacheBytesMax);
  }

  /**
   * Runs long lists in slices, one after the other, so that those of other calls come in between.
   * @param prompts cleaned, as by `canonicalPrompt`
   * @returns vectors of length 1; those that are not kept are computed
   */
  async embedTexts(
    model: LoadedModel,
    prompts: readonly string[],
    signal?: AbortSignal,
    onParts?: OnParts,
  ): Promise<Embeddings> {
    const vectors: Float32Array[] = [];
    let cached = 0;
    for (let from = 0; from < prompts.length; from += TEXTS_PER_RUN) {
      const slice = prompts.slice(from, from + TEXTS_PER_RUN);
      const embedded = await this.embedSlice(model, slice, signal, onParts);
      vectors.push(...embedded.vectors);
      cached += embedded.cached;
    }
    return { vectors, cached };
  }

  private embedSlice(
    model: LoadedModel,
    prompts: readonly string[],
    signal: AbortSignal | undefined,
    onParts: OnParts | undefined,
  ): Promise<Embeddings> {
    const prefix = keyOf(model, '');
    return this.texts.getAll(
      prompts.map((prompt) => prefix + prompt),
      async (missing, until) => {
        const { tokenizer, config } = model;
        const ids = await tokenizer.encode(
          missing.map((key) => key.slice(prefix.length)),
          until,
        );
        const shape = [missing.length, config.text.contextLength];
        const input = { type: 'int64', shape, data: ids } as const;
        return this.infer(model, 'text', input, { signal: until, onParts });
      },
      signal,
    );
  }

  /** Resolves when a predictor serves both towers now. @throws AppError UPSTREAM_UNAVAILABLE, DEADLINE_EXCEEDED */
  async checkServed({ slug, variant }: LoadedModel): Promise<void> {
    const towers: readonly Tower[] = ['image', 'text'];
    const hashes = await Promise.all(
      towers.map((tower) =>
        this.predictors.of(slug).find(graphName(slug, variant, tower), CHECK_MS),
      ),
    );
    if (!hashes.includes(undefined)) return;
    throw notServed(slug);
  }

  /** Whether a prompt would not have to be run. */
  hasText(model: LoadedModel, prompt: string): boolean {
    return this.texts.has(keyOf(model, prompt));
  }

  /** The same of an image. */
  hasImage(model: LoadedModel, { sha256 }: ImageFile): boolean {
    return this.images.has(keyOf(model, sha256));
  }

  /** What the model made of these prompts, when all of it is kept; undefined otherwise. */
  keptTexts(model: LoadedModel, prompts: readonly string[]): readonly Float32Array[] | undefined {
    return this.texts.getKept(prompts.map((prompt) => keyOf(model, prompt)));
  }

  /** Keeps what the model made of these prompts some other time. */
  rememberTexts(
    model: LoadedModel,
    prompts: readonly string[],
    vectors: readonly Float32Array[],
  ): void {
    for (const [row, prompt] of prompts.entries()) {
      const vector = vectors[row];
      if (vector !== undefined) this.texts.remember(keyOf(model, prompt), vector);
    }
  }

  /**
   * Decodes images, so that a broken one is known before anything runs. Those of which the embedding is kept, or
   * being computed, were decoded before.
   * @throws AppError as `imagePixels` for a file that is no picture
   */
  checkImages(
    model: LoadedModel,
    files: readonly ImageFile[],
    signal?: AbortSignal,
    onParts?: OnParts,
  ): Promise<readonly CheckedImage[]> {
    return forEachImage(files, async (file) => {
      if (this.images.isKnown(keyOf(model, file.sha256))) return { file, pixels: undefined };
      return { file, pixels: await this.decode(model, file, signal, onParts) };
    });
  }

  /** @returns one vector of length 1 */
  embedImage(
    model: LoadedModel,
    { file, pixels }: CheckedImage,
    signal?: AbortSignal,
    onParts?: OnParts,
  ): Promise<Embeddings> {
    return this.images.getAll(
      [keyOf(model, file.sha256)],
      async (_missing, until) => {
        const { imageSize } = model.config.preprocess;
        // It was kept when it was checked, and has been forgotten since.
        const data = pixels ?? (await this.decode(model, file, until, onParts));
        const input = { type: 'uint8', shape: [1, imageSize, imageSize, 3], data } as const;
        return this.infer(model, 'image', input, { signal: until, onParts });
      },
      signal,
    );
  }

  /** Of calls that want the same pixels at the same time one decodes them. */
  private async decode(
    model: LoadedModel,
    { bytes, sha256 }: ImageFile,
    signal: AbortSignal | undefined,
    onParts: OnParts | undefined,
  ): Promise<Uint8Array> {
    const startedAt = performance.now();
    const key = keyOf(model, sha256);
    let run = this.decodes.get(key);
    if (run === undefined || run.signal.aborted) {
      const { preprocess } = model.config;
      run = new SharedRun(async (until) => {
        try {
          return await this.decoding(() => imagePixels(bytes, preprocess, { signal: until }));
        } finally {
          if (this.decodes.get(key)?.signal === until) this.decodes.delete(key);
        }
      });
      this.decodes.set(key, run);
    }
    const pixels = await run.wait(signal);
    onParts?.({ decode: performance.now() - startedAt });
    return pixels;
  }

  private async infer(
    { slug, variant, graphs }: LoadedModel,
    tower: Tower,
    input: Tensor,
    { signal, onParts }: { signal: AbortSignal; onParts: OnParts | undefined },
  ): Promise<Float32Array[]> {
    const [spec] = graphs[tower].inputs;
    const { timeoutMs } = this.options;
    const running = this.predictors
      .of(slug)
      .infer(graphName(slug, variant, tower), spec?.name ?? '', input, {
        timeoutMs,
        signal,
        onParts,
      });
    const { data, shape } = await running.catch((error: unknown) => {
      // The caller's model exists; it is loaded later than the predictor begins to answer.
      throw error instanceof AppError && error.code === 'NOT_FOUND'
        ? notServed(slug, error)
        : error;
    });
    const [rows = 0, width = 0] = shape;
    // Copies, as a slice would keep the whole answer alive for as long as one row is kept.
    return Array.from({ length: rows }, (_, row) =>
      Float32Array.from(data.subarray(row * width, (row + 1) * width) as Float32Array),
    );
  }
}

/** Of what is kept: another checkpoint and another precision make something else of it. */
function keyOf({ modelHash, variant }: LoadedModel, content: string): string {
  return `${modelHash}.${variant}.${content}`;
}

function notServed(slug: string, cause?: unknown): AppError {
  return new AppError('UPSTREAM_UNAVAILABLE', `${slug} is temporarily unavailable.`, { cause });
}
