import { LRUCache } from 'lru-cache';
import { SharedRun } from './shared-run.js';

type EmbeddingRun = SharedRun<readonly Float32Array[]>;

/** How often a cache was asked for an embedding, and what came of it. */
export interface CacheCounts {
  readonly hits: number;
  /** Was being computed for somebody else. */
  readonly shared: number;
  readonly misses: number;
}

export interface Embeddings {
  /** In the order of the keys; the same array for equal keys. Shared: nobody may change them. */
  readonly vectors: readonly Float32Array[];
  /** Of the keys, how many were not computed for this call. */
  readonly cached: number;
}

/** Bytes of an entry beside its vector: the key, the map's own. */
const ENTRY_BYTES = 200;

/**
 * Embeddings by key, the longest unused forgotten first; what is being computed is not computed again.
 * An embedding depends on its key alone, so that it never grows old.
 */
export class EmbeddingCache {
  private readonly vectors: LRUCache<string, Float32Array>;
  private readonly running = new Map<string, { run: EmbeddingRun; row: number }>();
  private counted = { hits: 0, shared: 0, misses: 0 };

  /** @param bytesMax of vectors and keys together; 0 keeps nothing */
  constructor(private readonly bytesMax: number) {
    this.vectors = new LRUCache({
      maxSize: Math.max(1, bytesMax),
      sizeCalculation: (vector, key) => vector.byteLength + 2 * key.length + ENTRY_BYTES,
    });
  }

  get counts(): CacheCounts {
    return this.counted;
  }

  /** Of what is kept now. */
  get bytes(): number {
    return this.vectors.calculatedSize;
  }

  /** False: nothing is ever kept. */
  get keeps(): boolean {
    return this.bytesMax > 0;
  }

  has(key: string): boolean {
    return this.vectors.has(key);
  }

  /** Whether it is kept, or being computed for somebody. */
  isKnown(key: string): boolean {
    return this.has(key) || this.running.get(key)?.run.signal.aborted === false;
  }

  /** The embeddings of some keys when all of them are kept; undefined otherwise. */
  getKept(keys: readonly string[]): readonly Float32Array[] | undefined {
    const distinct = new Set(keys);
    if (![...distinct].every((key) => this.vectors.has(key))) return undefined;
    this.counted.hits += distinct.size;
    return keys.map((key) => this.vectors.get(key) ?? new Float32Array());
  }

  /** Keeps what was computed some other time. */
  remember(key: string, vector: Float32Array): void {
    this.vectors.set(key, vector);
  }

  /**
   * The embeddings of some keys; those that are neither kept nor being computed are computed together.
   *
   * @param compute one vector for each missing key, in order; its signal is aborted when nobody waits
   * @param signal ends the waiting of this caller
   */
  async getAll(
    keys: readonly string[],
    compute: (missing: readonly string[], signal: AbortSignal) => Promise<readonly Float32Array[]>,
    signal?: AbortSignal,
  ): Promise<Embeddings> {
    signal?.throwIfAborted();
    const found = new Map<string, Float32Array>();
    const joined = new Map<string, { run: EmbeddingRun; row: number }>();
    const missing: string[] = [];
    for (const key of new Set(keys)) {
      const kept = this.vectors.get(key);
      const running = this.running.get(key);
      if (kept !== undefined) found.set(key, kept);
      else if (running?.run.signal.aborted === false) joined.set(key, running);
      else missing.push(key);
    }
    this.counted.hits += found.size;
    this.counted.shared += joined.size;
    this.counted.misses += missing.length;

    if (missing.length > 0) {
      const run = new SharedRun((all) => this.compute(missing, compute, all));
      for (const [row, key] of missing.entries()) {
        joined.set(key, { run, row });
        this.running.set(key, { run, row });
      }
    }
    const results = new Map<EmbeddingRun, readonly Float32Array[]>();
    const runs = [...new Set([...joined.values()].map(({ run }) => run))];
    await Promise.all(
      runs.map(async (run) => {
        results.set(run, await run.wait(signal));
      }),
    );
    for (const [key, { run, row }] of joined) {
      const vector = results.get(run)?.[row];
      if (vector !== undefined) found.set(key, vector);
    }
    return {
      vectors: keys.map((key) => found.get(key) ?? new Float32Array()),
      cached: keys.length - missing.length,
    };
  }

  private async compute(
    missing: readonly string[],
    compute: (missing: readonly string[], signal: AbortSignal) => Promise<readonly Float32Array[]>,
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    try {
      const vectors = await compute(missing, signal);
      for (const [row, key] of missing.entries()) {
        const vector = vectors[row];
        if (vector === undefined) throw new Error('A vector is missing.');
        this.vectors.set(key, vector);
      }
      return vectors;
    } finally {
      for (const key of missing) {
        // Another run has taken the key over when this one was given up.
        if (this.running.get(key)?.run.signal === signal) this.running.delete(key);
      }
    }
  }
}
