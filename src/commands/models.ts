import { Argument, Command, Option } from 'commander';
import type { Say } from '../app/startup.js';
import { readConfig } from '../config/config.js';
import { classify } from './models-classify.js';
import {
  compileModel,
  computeReference,
  listModels,
  removeModel,
  verifyModel,
} from './models-files.js';
import { addModel } from './models-add.js';
import { pullModel, type PullOptions } from './models-pull.js';
import { searchModels } from './models-search.js';

const slug = () => new Argument('<model>', 'owner/name');
const logitScale = () =>
  new Option(
    '--logit-scale <number>',
    'of ready-made graphs that compute no scores: from the model’s card',
  );
const logitBias = () => new Option('--logit-bias <number>', 'beside --logit-scale, 0 by default');
const JSON_FLAG = ['--json', 'print the result as JSON'] as const;

/** `gigarouter models …`: what an operator does with the models of MODELS_DIR. */
export function modelsCommand(say: Say): Command {
  const models = new Command('models');
  const root = () => readConfig().modelsDir;

  models
    .command('pull')
    .description('copy a checkpoint from the Hub (HF_ENDPOINT) or a folder, and compile it')
    .argument('<source>', 'owner/name on the Hub, or a folder (with a / at its beginning or ./)')
    .option('--revision <name>', 'branch, tag or commit on the Hub', 'main')
    .option('--as <owner/name>', 'name it has here; a folder’s is local/<its name> by default')
    .option('--int8', 'write the int8 variant as well')
    .option('--no-compile', 'only copy the files')
    .option(
      '--no-reference',
      'leave out the reference of this project, which takes minutes for a large model',
    )
    .addOption(logitScale())
    .addOption(logitBias())
    .option('--dry-run', 'say whether it runs here, its size and license; keep nothing')
    .option(...JSON_FLAG)
    .action((source: string, options: PullOptions) =>
      pullModel(readConfig(), source, options, say),
    );

  models
    .command('add')
    .description('pull a model of the Hub, verify it, and add it to the catalog')
    .argument('<model>', 'owner/name on the Hub')
    .option('--revision <name>', 'branch, tag or commit on the Hub', 'main')
    .option('--as <owner/name>', 'name it has here')
    .option('--int8', 'write the int8 variant as well')
    .addOption(logitScale())
    .addOption(logitBias())
    .option(...JSON_FLAG)
    .action((source: string, options: Omit<PullOptions, 'compile'>) =>
      addModel(readConfig(), source, { ...options, compile: true }, say),
    );

  models
    .command('search')
    .description('search the Hub for models, with whether they run here')
    .argument('<words...>', 'parts of the name')
    .option('--limit <1-100>', 'number of models, most downloaded first', '20')
    .option(...JSON_FLAG)
    .action((words: string[], options: Parameters<typeof searchModels>[2]) =>
      searchModels(readConfig(), words, options, say),
    );

  models
    .command('compile')
    .description('write the graphs that the predictor runs; the weights stay as they are')
    .addArgument(slug())
    .option('--int8', 'write the int8 variant as well: faster, less exact')
    .option(
      '--weight-bits <7|8>',
      '7 for runtimes other than ours on x86 without VNNI, where 8-bit products saturate; less precise',
      '8',
    )
    .addOption(logitScale())
    .addOption(logitBias())
    .option('--hugging-face', 'also write model.onnx, vision_model.onnx and text_model.onnx')
    .option(...JSON_FLAG)
    .action((name: string, options: Parameters<typeof compileModel>[2]) =>
      compileModel(root(), name, options, say),
    );

  models
    .command('verify')
    .description(
      'check files against their hashes, and results against golden.json or this project’s reference',
    )
    .addArgument(slug())
    .option(...JSON_FLAG)
    .action((name: string, options: { json?: true }) => verifyModel(root(), name, options, say));

  models
    .command('reference')
    .description('compute the reference of this project, in float64, for verify and health checks')
    .addArgument(slug())
    .option(...JSON_FLAG)
    .action((name: string, options: { json?: true }) =>
      computeReference(root(), name, options, say),
    );

  models
    .command('list')
    .description('the models of MODELS_DIR')
    .option(...JSON_FLAG)
    .action((options: { json?: true }) => listModels(root(), options, say));

  models
    .command('remove')
    .description('delete a model’s files')
    .addArgument(slug())
    .option(...JSON_FLAG)
    .action((name: string, options: { json?: true }) => removeModel(root(), name, options, say));

  models
    .command('classify')
    .description('score images against labels')
    .argument('<image...>', 'image files')
    .requiredOption('--labels <a,b,c>', 'labels, separated by commas')
    .option('--model <owner/name>', 'left out: the only one there is')
    .option('--variant <fp32|int8>', 'fp32 by default', 'fp32')
    .option('--template <text>', 'prompt with {} where the label goes')
    .option('--threshold <0-1>', 'probability that counts as a match', '0')
    .option(...JSON_FLAG)
    .action((images: string[], options: Parameters<typeof classify>[2]) =>
      classify(readConfig(), images, options, say),
    );
  return models;
}
