import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunGraph } from '../../src/siglip/index.js';
import { temporaryFolder } from './folder.js';

/** One value that goes into or comes out of a graph, row-major. */
export interface OnnxTensor {
  readonly type: 'float32' | 'uint8' | 'int64';
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

export interface OnnxResult {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** The outputs by name, one record for each run. */
  readonly outputs: readonly Readonly<Record<string, OnnxTensor>>[];
}

interface Encoded {
  readonly type: OnnxTensor['type'];
  readonly dims: readonly number[];
  readonly base64: string;
}

const SCRIPT = path.resolve(import.meta.dirname, 'run-onnx.mjs');

/**
 * Loads a graph in a child process and runs it on each record of inputs, in order, on one thread.
 *
 * @param options of the session, as onnxruntime-node takes them; `int8Kernels` instead of those that the
 *   predictor would choose on this processor
 * @throws Error with what the child wrote, when it does not end with 0
 */
export async function runOnnx(
  model: string,
  runs: readonly Readonly<Record<string, OnnxTensor>>[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<OnnxResult> {
  const folder = temporaryFolder();
  try {
    const job = path.join(folder.path, 'job.json');
    const result = path.join(folder.path, 'result.json');
    const encoded = runs.map((inputs) => mapValues(inputs, encode));
    writeFileSync(job, JSON.stringify({ model, options, runs: encoded }));
    await runNode([SCRIPT, job, result]);
    const { results, ...face } = JSON.parse(readFileSync(result, 'utf8')) as {
      inputNames: string[];
      outputNames: string[];
      results: Record<string, Encoded>[];
    };
    return { ...face, outputs: results.map((outputs) => mapValues(outputs, decode)) };
  } finally {
    folder.remove();
  }
}

/** Runs one of our graphs once, as `verify` asks for it. */
export const runGraph: RunGraph = async (file, { type, shape, data }) => {
  const name = type === 'uint8' ? 'pixel_values' : 'input_ids';
  const values = Array.from<number | bigint, number>(data, Number);
  const { outputNames, outputs } = await runOnnx(file, [{ [name]: { type, dims: shape, values } }]);
  return { data: Float32Array.from(outputs[0]?.[outputNames[0] ?? '']?.values ?? []) };
};

function encode({ type, dims, values }: OnnxTensor): Encoded {
  const array =
    type === 'int64'
      ? BigInt64Array.from(values, BigInt)
      : type === 'uint8'
        ? Uint8Array.from(values)
        : Float32Array.from(values);
  return { type, dims, base64: Buffer.from(array.buffer).toString('base64') };
}

function decode({ type, dims, base64 }: Encoded): OnnxTensor {
  if (type !== 'float32') throw new Error(`No output is ${type}.`);
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return { type, dims, values: Array.from(new Float32Array(bytes.buffer)) };
}

function mapValues<T, R>(
  record: Readonly<Record<string, T>>,
  map: (value: T) => R,
): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

function runNode(args: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`The graph did not run (${String(code)}): ${errors.trim().slice(0, 2000)}`),
        );
    });
  });
}
