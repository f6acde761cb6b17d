// Runs graphs in a process of its own: `node run-onnx.mjs <job.json> <result.json>`. ONNX Runtime is
// native code, and must not be loaded into jest's module system.
import { readFileSync, writeFileSync } from 'node:fs';
import ort from 'onnxruntime-node';
import { chooseInt8Kernels, int8SessionOptions } from '../../dist/predictor/int8-kernels.js';
import { int8ProbeRunner } from '../../dist/predictor/run-int8-probe.js';

const [, , jobFile, resultFile] = process.argv;
const { model, options, runs } = JSON.parse(readFileSync(jobFile, 'utf8'));

const ARRAYS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int64: BigInt64Array,
};

const bytesOf = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

function toTensor({ type, dims, base64 }) {
  // A copy, as a typed array has to begin on a multiple of its element's size.
  const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
  return new ort.Tensor(type, new ARRAYS[type](bytes.buffer), dims);
}

const { int8Kernels = await chooseInt8Kernels(int8ProbeRunner({})), ...sessionOptions } = options;
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  extra: int8SessionOptions(int8Kernels),
  ...sessionOptions,
});
const results = [];
for (const inputs of runs) {
  const feeds = Object.entries(inputs).map(([name, tensor]) => [name, toTensor(tensor)]);
  const outputs = await session.run(Object.fromEntries(feeds));
  results.push(
    Object.fromEntries(
      Object.entries(outputs).map(([name, { type, dims, data }]) => [
        name,
        { type, dims, base64: bytesOf(data).toString('base64') },
      ]),
    ),
  );
}
const face = { inputNames: session.inputNames, outputNames: session.outputNames };
await session.release();
writeFileSync(resultFile, JSON.stringify({ ...face, results }));
