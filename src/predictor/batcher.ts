import { AppError } from '../errors.js';
import { BatchJob, type BatchRequest } from './batch-job.js';
import { concatRows, rowCount, sliceRows, type Tensor } from './tensor.js';

export interface BatchRules {
  /** Rows of one run, 1 or more. */
  readonly rowsMax: number;
  /** How long a run with fewer rows waits for more, in milliseconds; 0: not at all. */
  readonly delayMs: number;
  /** Requests that wait or run; one more is refused. */
  readonly queueMax: number;
}

/** What the batcher tells of itself. */
export interface BatchObserver {
  /** @param waitedMs of the request that waited longest for this run */
  ran(graph: string, rows: number, waitedMs: number, durationMs: number): void;
}

interface Share {
  readonly job: BatchJob;
  readonly input: Tensor;
}

/** Weight of the latest run in the average that `Retry-After` is reckoned from. */
const LATEST_WEIGHT = 0.2;

/**
 * Orders requests for an executor that runs one batch at a time. Rows of several requests for one graph
 * run together; a request with more rows than fit runs in parts, and others come in between.
 */
export class Batcher {
  private readonly queue: BatchJob[] = [];
  private readonly open = new Set<BatchJob>();
  private running = false;
  private timer: NodeJS.Timeout | undefined;
  private runMs = 0;

  constructor(
    private readonly run: (graph: string, input: Tensor) => Promise<Tensor>,
    private readonly rules: BatchRules,
    private readonly observer: BatchObserver,
  ) {}

  /** Requests that wait or run. */
  get size(): number {
    return this.open.size;
  }

  /**
   * @returns one row of output for each row of input, in order
   * @throws AppError OVERLOADED, before anything is done, when the queue is full
   * @throws the signal's reason when it is aborted; Error when the run fails
   */
  async submit(request: BatchRequest): Promise<Tensor> {
    const { signal } = request;
    signal.throwIfAborted();
    if (this.open.size >= this.rules.queueMax) {
      const retryAfterS = Math.max(1, Math.ceil((this.open.size * this.runMs) / 1000));
      throw new AppError('OVERLOADED', 'The queue is full.', { details: { retryAfterS } });
    }
    const job = new BatchJob(request);
    const leave = () => {
      const at = this.queue.indexOf(job);
      if (at !== -1) this.queue.splice(at, 1);
      job.fail(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.open.add(job);
    this.queue.push(job);
    this.next();
    try {
      return await job.output;
    } finally {
      this.open.delete(job);
      signal.removeEventListener('abort', leave);
    }
  }

  /** Starts a run, unless one is going on, there is nothing to run, or it pays to wait for more. */
  private next(): void {
    const [head] = this.queue;
    if (this.running || head === undefined) return;
    const waitMs = this.isFull(head) ? 0 : head.enqueuedAt + this.rules.delayMs - performance.now();
    clearTimeout(this.timer);
    if (waitMs <= 0) {
      // It fails the jobs that it cannot run, never by itself.
      this.runBatch(head).catch(() => undefined);
      return;
    }
    this.timer = setTimeout(() => {
      this.next();
    }, waitMs);
  }

  /** True when nobody who comes later could join a run that begins with this job. */
  private isFull(head: BatchJob): boolean {
    let rows = 0;
    for (const job of this.companions(head)) rows += job.rowsLeft;
    return rows >= this.rowsMax(head);
  }

  private async runBatch(head: BatchJob): Promise<void> {
    this.running = true;
    const { graph } = head.request;
    const startedAt = performance.now();
    let shares: readonly Share[] = [];
    try {
      shares = this.takeShares(head);
      const [first, ...rest] = shares.map(({ input }) => input);
      if (first === undefined) return;
      const output = await this.run(graph, concatRows([first, ...rest]));
      this.deal(shares, output);
      const durationMs = performance.now() - startedAt;
      this.runMs += (durationMs - this.runMs) * (this.runMs === 0 ? 1 : LATEST_WEIGHT);
      this.observer.ran(graph, rowCount(output), startedAt - head.enqueuedAt, durationMs);
    } catch (error) {
      this.drop(head, error);
      for (const { job } of shares) this.drop(job, error);
    } finally {
      this.running = false;
      this.next();
    }
  }

  /** Takes rows for one run out of the queue; who has more rows left queues again, behind the others. */
  private takeShares(head: BatchJob): Share[] {
    const shares: Share[] = [];
    let room = this.rowsMax(head);
    for (const job of this.companions(head)) {
      if (room === 0) break;
      const rows = Math.min(room, job.rowsLeft);
      room -= rows;
      shares.push({ job, input: job.take(rows) });
      this.queue.splice(this.queue.indexOf(job), 1);
      if (job.rowsLeft > 0) this.queue.push(job);
    }
    return shares;
  }

  private deal(shares: readonly Share[], output: Tensor): void {
    let row = 0;
    for (const { job, input } of shares) {
      job.give(sliceRows(output, row, row + rowCount(input)));
      row += rowCount(input);
    }
  }

  private drop(job: BatchJob, error: unknown): void {
    const at = this.queue.indexOf(job);
    if (at !== -1) this.queue.splice(at, 1);
    job.fail(error);
  }

  /** The jobs that may run together with this one, itself first. */
  private companions(head: BatchJob): BatchJob[] {
    const { graph, rowsAreIndependent } = head.request;
    if (!rowsAreIndependent) return [head];
    return this.queue.filter(({ request }) => request.graph === graph);
  }

  private rowsMax({ request }: BatchJob): number {
    return request.rowsAreIndependent ? this.rules.rowsMax : 1;
  }
}
