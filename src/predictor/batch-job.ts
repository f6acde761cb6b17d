import { concatRows, rowCount, sliceRows, type Tensor } from './tensor.js';

export interface BatchRequest {
  readonly graph: string;
  /** One row or more. */
  readonly input: Tensor;
  /** False: each row runs alone, as its result would depend on its neighbors. */
  readonly rowsAreIndependent: boolean;
  /** Aborted when the caller leaves or its time is over: what has not run then is dropped. */
  readonly signal: AbortSignal;
  /** Called when its first rows begin to run. */
  readonly onStart?: () => void;
}

/** A request on its way through the queue. It ends once, whatever comes after. */
export class BatchJob {
  readonly enqueuedAt = performance.now();
  readonly output: Promise<Tensor>;
  private readonly outputs: Tensor[] = [];
  private nextRow = 0;
  private rowsDone = 0;
  private resolve!: (output: Tensor) => void;
  private reject!: (error: unknown) => void;

  constructor(readonly request: BatchRequest) {
    this.output = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }

  get rowsLeft(): number {
    return rowCount(this.request.input) - this.nextRow;
  }

  /** The next rows; they count as run from now on. */
  take(rows: number): Tensor {
    const from = this.nextRow;
    if (from === 0) this.request.onStart?.();
    this.nextRow += rows;
    return sliceRows(this.request.input, from, this.nextRow);
  }

  /** What came of the rows that were taken, in the order of taking. Ends the job with the last. */
  give(output: Tensor): void {
    this.outputs.push(output);
    this.rowsDone += rowCount(output);
    const [first, ...rest] = this.outputs;
    if (first !== undefined && this.rowsDone === rowCount(this.request.input)) {
      this.resolve(concatRows([first, ...rest]));
    }
  }

  fail(error: unknown): void {
    this.reject(error);
  }
}
