import { LRUCache } from 'lru-cache';

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

/** A computation that several callers wait for; it ends early when all of them have left. */
class SharedRun {
  private readonly controller = new AbortController();
  private waiting = 0;
  private readonly result: Promise<readonly Float32Array[]>;

  constructor(compute: (signal: AbortSignal) => Promise<readonly Float32Array[]>) {
    this.result = Promise.resolve().then(() => compute(this.controller.signal));
    // Who waits hears of a failure; when all have left, nobody has to.
    this.result.catch(() => undefined);
  }

  /** Aborted from the moment that nobody waits: it may end without a result then. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  async wait(signal: AbortSignal | undefined): Promise<readonly Float32Array[]> {
    this.waiting += 1;
    let leave: (() => void) | undefined;
    try {
      if (signal === undefined) return await this.result;
      const left = new Promise<never>((_resolve, reject) => {
        leave = () => {
          reject(signal.reason as Error);
        };
        signal.addEventListener('abort', leave, { once: true });
      });
      return await Promise.race([this.result, left]);
    } finally {
      if (leave !== undefined) signal?.removeEventListener('abort', leave);
      this.waiting -= 1;
      if (this.waiting === 0)
        this.controller.abort(new DOMException('Nobody waits.', 'AbortError'));
    }
  }
}

/**
 * Embeddings by key, the longest unused forgotten first; what is being computed is not computed again.
 * An embedding depends on its key alone, so that it never grows old.
 */
export class EmbeddingCache {
  private readonly vectors: LRUCache<string, Float32Array>;
  private readonly running = new Map<string, { run: SharedRun; row: number }>();
  private counted = { hits: 0, shared: 0, misses: 0 };

  /** @param bytesMax of vectors and keys together; 0 keeps nothing */
  constructor(bytesMax: number) {
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

  has(key: string): boolean {
    return this.vectors.has(key);
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
    const joined = new Map<string, { run: SharedRun; row: number }>();
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
    const results = new Map<SharedRun, readonly Float32Array[]>();
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
