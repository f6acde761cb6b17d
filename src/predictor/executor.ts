import { Worker } from 'node:worker_threads';
import type { ExecutorAnswer, ExecutorRequest } from './executor.thread.js';
import type { Int8Kernels } from './int8-kernels.js';
import type { Tensor } from './tensor.js';

/** What is asked of the thread, before it gets its number. */
type Order = ExecutorRequest extends infer T ? (T extends unknown ? Omit<T, 'id'> : never) : never;

type Answer = Exclude<ExecutorAnswer, { error: string }>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

export interface ExecutorOptions {
  /** Threads of one run, 1 or more. */
  readonly threads: number;
  /** Copy the weights into the order that the kernels like best: private memory for a few per cent. */
  readonly prepack: boolean;
}

/** Runs graphs in a thread of its own, one after the other. */
export class Executor {
  private readonly worker = new Worker(new URL('./executor.thread.js', import.meta.url));
  private readonly waiting = new Map<number, Waiting>();
  private readonly ended: Promise<void>;
  private orders = 0;
  private stopping = false;

  /** @param onDeath told when the thread ends by itself; all that was loaded is gone then. */
  constructor(
    private readonly options: ExecutorOptions,
    onDeath: (error: Error) => void,
  ) {
    this.worker.on('message', (answer: ExecutorAnswer) => {
      const waiting = this.waiting.get(answer.id);
      this.waiting.delete(answer.id);
      if ('error' in answer) waiting?.reject(new Error(answer.error));
      else waiting?.resolve(answer);
    });
    let failure: Error | undefined;
    this.worker.on('error', (error: Error) => (failure = error));
    this.ended = new Promise((resolve) => {
      this.worker.on('exit', (code) => {
        resolve();
        if (this.stopping) return;
        failure ??= new Error(`The inference thread ended with ${String(code)}.`);
        for (const { reject } of this.waiting.values()) reject(failure);
        onDeath(failure);
      });
    });
  }

  /**
   * @param path of the ONNX file; its weights lie beside it
   * @returns the kernels of an int8 graph; undefined for one in fp32
   * @throws Error with what ONNX Runtime says; for an int8 graph also when this processor computes none exactly
   */
  async load(graph: string, path: string): Promise<Int8Kernels | undefined> {
    const { int8Kernels } = await this.order({ act: 'load', graph, path, ...this.options });
    return int8Kernels;
  }

  /** @throws Error with what ONNX Runtime says */
  async run(graph: string, input: Tensor): Promise<Tensor> {
    const { output } = await this.order({ act: 'run', graph, input });
    if (output === undefined) throw new Error(`${graph} gave nothing.`);
    return output;
  }

  /**
   * Waits for what was ordered before. A thread that is ended inside a run takes the process with it
   * (onnxruntime-node 1.21–1.30), so it is asked to end by itself.
   */
  async stop(): Promise<void> {
    this.stopping = true;
    this.worker.postMessage({ act: 'stop', id: -1 } satisfies ExecutorRequest);
    await this.ended;
  }

  private order(order: Order): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = this.orders++;
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...order, id });
    });
  }
}
