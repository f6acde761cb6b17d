/** Reads of one key. Emptied in the end, as a former table of the Map may keep the entry in memory (docs/performance.md). */
interface Reads {
  running?: Promise<unknown> | undefined;
  next?: Promise<unknown> | undefined;
}

/**
 * Lets callers that want the same thing at the same time share one read. A caller never gets an answer
 * that was begun before it asked: while a read runs, those who come in wait for the next one, together.
 * What is returned is shared, so nobody may change it.
 */
export class SharedReads {
  private readonly byKey = new Map<string, Reads>();

  /** @param key equal for equal reads, and for no others. A failed read fails for all who share it. */
  run<T>(key: string, read: () => Promise<T>): Promise<T> {
    const reads = this.byKey.get(key) ?? {};
    if (reads.running === undefined) return this.start(key, reads, read);

    const begin = () => {
      reads.next = undefined;
      return this.start(key, reads, read);
    };
    return (reads.next ??= reads.running.then(begin, begin)) as Promise<T>;
  }

  private start<T>(key: string, reads: Reads, read: () => Promise<T>): Promise<T> {
    this.byKey.set(key, reads);
    const result = read().finally(() => {
      if (reads.next !== undefined) return;
      reads.running = undefined;
      this.byKey.delete(key);
    });
    reads.running = result;
    return result;
  }
}
