/**
 * The thread that holds ONNX Runtime's sessions. `session.run()` blocks the thread that calls it for the
 * whole inference; here nothing else waits, and the process goes on answering, refusing and dropping.
 */
import { readFile } from 'node:fs/promises';
import { parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { INT8_OPERATORS } from '../siglip/onnx/int8-probe.js';
import { chooseInt8Kernels, type Int8Kernels, int8SessionOptions } from './int8-kernels.js';
import { int8ProbeRunner } from './run-int8-probe.js';
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
  | { readonly id: number; readonly act: 'stop' };

export type ExecutorAnswer =
  | {
      readonly id: number;
      readonly output?: Tensor;
      readonly int8Kernels?: Int8Kernels | undefined;
    }
  | { readonly id: number; readonly error: string };

const sessions = new Map<string, InferenceSession>();

/** By the entries that the probe had; each is probed once. */
const chosen = new Map<string, Promise<Int8Kernels>>();
function int8Kernels(session: Readonly<Record<string, string>>): Promise<Int8Kernels> {
  const key = JSON.stringify(session);
  const known = chosen.get(key) ?? chooseInt8Kernels(int8ProbeRunner(session));
  chosen.set(key, known);
  return known;
}

/** @returns the kernels of an int8 graph; undefined for another one, which has no choice of them */
async function load(
  request: Extract<ExecutorRequest, { act: 'load' }>,
): Promise<Int8Kernels | undefined> {
  const { graph, path, threads, prepack } = request;
  const entries = { disable_prepacking: prepack ? '0' : '1' };
  const onnx = await readFile(path);
  const isInt8 = INT8_OPERATORS.some((operator) => onnx.includes(operator));
  // Fails where no kernels are exact: no answer is better than a wrong one.
  const kernels = isInt8 ? await int8Kernels(entries) : undefined;
  const session = await InferenceSession.create(path, {
    executionProviders: ['cpu'],
    // Otherwise ONNX Runtime counts the cores of the host, not those it may use.
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    extra: int8SessionOptions(kernels ?? 'native', entries),
  });
  sessions.set(graph, session);
  return kernels;
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
      post({ id, int8Kernels: await load(request) });
    } else if (act === 'run') {
      post({ id, output: await run(request.graph, request.input) });
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
