// Checks the int8 of compiled models against the reference: `node check-int8.mjs <folder of models> [kernels]`.
// Loads what it needs and no more: it also runs where this project is not installed for the processor.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { chooseInt8Kernels, int8SessionOptions } from '../../dist/predictor/int8-kernels.js';
import { int8ProbeRunner } from '../../dist/predictor/run-int8-probe.js';
import { checkGolden, readGolden } from '../../dist/siglip/golden.js';
import { openModel } from '../../dist/siglip/compiled-model.js';
import { Tokenizer } from '../../dist/siglip/tokenizer.js';

const [, , models, expected] = process.argv;

const SESSION = { disable_prepacking: '1' };
const kernels = await chooseInt8Kernels(int8ProbeRunner(SESSION));
console.log(`int8 kernels: ${kernels}`);
if (expected !== undefined && kernels !== expected) {
  throw new Error(`The kernels of this processor have to be ${expected}.`);
}
for (const name of readdirSync(models)) {
  const model = await openModel(path.join(models, name));
  const { int8 } = model.variants;
  const golden = await readGolden(model);
  const open = (graph) =>
    InferenceSession.create(path.join(model.folder, graph.file), {
      intraOpNumThreads: 1,
      extra: int8SessionOptions(kernels, SESSION),
    });
  const sessions = { image: await open(int8.image), text: await open(int8.text) };
  const embed = async (tower, { type, shape, data }) => {
    const session = sessions[tower];
    const outputs = await session.run({ [session.inputNames[0]]: new Tensor(type, data, shape) });
    return outputs[session.outputNames[0]].data;
  };
  const tokenizer = await Tokenizer.open(model.folder, model.config);
  const outcome = await checkGolden({ ...model, variant: 'int8', tokenizer }, golden, embed);
  console.log(`${name}: ${outcome}`);
}
