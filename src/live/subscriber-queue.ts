import { AppError } from '../errors.js';

export interface SubscriberQueueOptions<T> {
  /** A later event takes the place of one that waits under the same key; by default none is replaced. */
  readonly keyOf?: (event: T) => string;
  /** Equal for events that say the same: a second one after the other is left out. */
  readonly stampOf?: (event: T) => string;
  /** Most that may wait; one more ends the queue, and what waits is forgotten. */
  readonly waitingMax: number;
  /** Told once, when nobody reads any more, for whatever reason. */
  readonly onEnd: () => void;
  /** Told of each event that is never read: replaced, or forgotten. */
  readonly onDrop?: ((events: number) => void) | undefined;
}

/** Events for one subscriber, who takes them at his own pace. */
export class SubscriberQueue<T> implements AsyncIterableIterator<T> {
  private waiting = new Map<string, T>();
  private offered = 0;
  private stamp: string | undefined;
  private failure: AppError | undefined;
  private ended = false;
  private wake: (() => void) | undefined;

  constructor(private readonly options: SubscriberQueueOptions<T>) {}

  /** Puts an event in; never blocks. */
  put(event: T): void {
    if (this.ended) return;
    const { keyOf, stampOf, waitingMax, onDrop } = this.options;
    const stamp = stampOf?.(event);
    if (stamp !== undefined && stamp === this.stamp) return;
    this.stamp = stamp;
    const key = keyOf?.(event) ?? String(this.offered);
    this.offered += 1;
    if (this.waiting.delete(key)) onDrop?.(1);
    else if (this.waiting.size >= waitingMax) {
      onDrop?.(this.waiting.size + 1);
      this.fail(tooSlow(waitingMax));
      return;
    }
    this.waiting.set(key, event);
    this.wake?.();
  }

  /** Ends it with an error, which is read next. */
  fail(error: AppError): void {
    if (this.ended) return;
    this.failure = error;
    this.end();
  }

  async next(): Promise<IteratorResult<T>> {
    for (;;) {
      const [first] = this.waiting;
      if (first !== undefined) {
        this.waiting.delete(first[0]);
        return { done: false, value: first[1] };
      }
      if (this.failure !== undefined) {
        const error = this.failure;
        this.failure = undefined;
        throw error;
      }
      if (this.ended) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  /** The reader has left; a `next` that waits ends. */
  return(): Promise<IteratorResult<T>> {
    this.failure = undefined;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    this.waiting.clear();
    this.wake?.();
    this.options.onEnd();
  }
}

function tooSlow(waitingMax: number): AppError {
  return new AppError(
    'OVERLOADED',
    `More than ${String(waitingMax)} events were waiting because the client reads too slowly. Read the list, and subscribe again.`,
  );
}
