/**
 * The thread that holds ONNX Runtime's sessions. `session.run()` blocks the thread that calls it for the
 * whole inference; here nothing else waits, and the process goes on answering, refusing and dropping.
 */
import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { chooseInt8Kernels, type Int8Kernels, int8SessionOptions } from './int8-kernels.js';
import { runInt8Probe } from './run-int8-probe.js';
import type { Tensor } from './tensor.js';

export type ExecutorRequest =
  | {
      readonly id: number;
      readonly act: 'load';
      readonly graph: string;
      /** Of the ONNX file; its weights lie beside it. */
      readonly path: string;
      readonly threads: number;
      /** Weights are copied into the order that the kernels like best: faster, and private memory. */
      readonly prepack: boolean;
    }
  | {
      readonly id: number;
      readonly act: 'run';
      readonly graph: string;
      readonly input: Tensor;
    }
  | { readonly id: number; readonly act: 'choose-int8-kernels' }
  | { readonly id: number; readonly act: 'stop' };

export type ExecutorAnswer =
  | { readonly id: number; readonly output?: Tensor; readonly int8Kernels?: Int8Kernels }
  | { readonly id: number; readonly error: string };

const sessions = new Map<string, InferenceSession>();

let chosen: Promise<Int8Kernels> | undefined;
/** Probed once per thread. */
function int8Kernels(): Promise<Int8Kernels> {
  return (chosen ??= chooseInt8Kernels(runInt8Probe));
}

async function load(request: Extract<ExecutorRequest, { act: 'load' }>): Promise<void> {
  const { graph, path, threads, prepack } = request;
  // Without exact kernels, int8 is refused before it is loaded (ServedModels); fp32 has no use for them.
  const kernels = await int8Kernels().catch(() => 'native' as const);
  const session = await InferenceSession.create(path, {
    executionProviders: ['cpu'],
    // Otherwise ONNX Runtime counts the cores of the host, not those it may use.
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    extra: int8SessionOptions(kernels, { disable_prepacking: prepack ? '0' : '1' }),
  });
  sessions.set(graph, session);
}

/** Graphs here have one input and one output, named as the file says. */
async function run(graph: string, { type, data, shape }: Tensor): Promise<Tensor> {
  const session = sessions.get(graph);
  const [inputName] = session?.inputNames ?? [];
  const [outputName] = session?.outputNames ?? [];
  if (session === undefined || inputName === undefined || outputName === undefined) {
    throw new Error(`${graph} is not loaded.`);
  }
  const { [outputName]: output } = await session.run({
    [inputName]: new OrtTensor(type, data, shape),
  });
  if (output?.type !== 'float32') throw new Error(`${graph} gave no numbers.`);
  return { type: 'float32', shape: [...output.dims], data: output.data as Float32Array };
}

async function answer(request: ExecutorRequest): Promise<void> {
  const { id, act } = request;
  try {
    if (act === 'load') {
      await load(request);
      post({ id });
    } else if (act === 'run') {
      post({ id, output: await run(request.graph, request.input) });
    } else if (act === 'choose-int8-kernels') {
      post({ id, int8Kernels: await int8Kernels() });
    } else {
      for (const session of sessions.values()) await session.release();
      parentPort?.close();
    }
  } catch (error) {
    post({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

function post(message: ExecutorAnswer): void {
  parentPort?.postMessage(message);
}

// One at a time: each run uses all threads that it was given.
let last = Promise.resolve();
parentPort?.on('message', (request: ExecutorRequest) => {
  last = last.then(() => answer(request));
});
