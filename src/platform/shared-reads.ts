/**
 * Lets callers that want the same thing at the same time share one read. A caller never gets an answer
 * that was begun before it asked: while a read runs, those who come in wait for the next one, together.
 * What is returned is shared, so nobody may change it.
 */
export class SharedReads {
  private readonly running = new Map<string, Promise<unknown>>();
  private readonly next = new Map<string, Promise<unknown>>();

  /** @param key equal for equal reads, and for no others. A failed read fails for all who share it. */
  run<T>(key: string, read: () => Promise<T>): Promise<T> {
    const waiting = this.next.get(key);
    if (waiting !== undefined) return waiting as Promise<T>;

    const before = this.running.get(key);
    if (before === undefined) return this.start(key, read);

    const begin = () => {
      this.next.delete(key);
      return this.start(key, read);
    };
    const queued = before.then(begin, begin);
    this.next.set(key, queued);
    return queued;
  }

  private start<T>(key: string, read: () => Promise<T>): Promise<T> {
    const result = read().finally(() => {
      if (this.running.get(key) === result) this.running.delete(key);
    });
    this.running.set(key, result);
    return result;
  }
}
