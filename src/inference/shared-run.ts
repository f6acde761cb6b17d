import { settledOrAborted } from './settled-or-aborted.js';

/** A computation that several callers wait for; it ends early when all of them have left. */
export class SharedRun<Result> {
  private readonly controller = new AbortController();
  private waiting = 0;
  private readonly result: Promise<Result>;

  /** @param compute begun at once; its signal is aborted when nobody waits */
  constructor(compute: (signal: AbortSignal) => Promise<Result>) {
    this.result = Promise.resolve().then(() => compute(this.controller.signal));
    // Callers that wait hear of a failure; when all have left, nobody has to.
    this.result.catch(() => undefined);
  }

  /** Aborted from the moment that nobody waits: it may end without a result then. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** @param signal ends the waiting of this caller. @throws its reason; as the computation */
  async wait(signal: AbortSignal | undefined): Promise<Result> {
    this.waiting += 1;
    try {
      return await settledOrAborted(this.result, signal);
    } finally {
      this.waiting -= 1;
      if (this.waiting === 0)
        this.controller.abort(new DOMException('Nobody waits.', 'AbortError'));
    }
  }
}
