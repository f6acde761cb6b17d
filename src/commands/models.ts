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

const slug = () => new Argument('<model>', 'model in the form owner/name');
const logitScale = () =>
  new Option(
    '--logit-scale <number>',
    'logit scale from the model card, for ready-made graphs that compute no scores',
  );
const logitBias = () =>
  new Option('--logit-bias <number>', 'logit bias, used with --logit-scale; 0 by default');
const JSON_FLAG = ['--json', 'print the result as JSON'] as const;

/** `gigarouter models …`: what an operator does with the models of MODELS_DIR. */
export function modelsCommand(say: Say): Command {
  const models = new Command('models');
  const root = () => readConfig().modelsDir;

  models
    .command('pull')
    .description('copy a checkpoint from the Hub (HF_ENDPOINT) or a folder, and compile it')
    .argument('<source>', 'owner/name on the Hub, or a folder (starting with / or ./)')
    .option('--revision <name>', 'branch, tag or commit on the Hub', 'main')
    .option(
      '--as <owner/name>',
      'local name of the model; local/<folder name> by default for a folder',
    )
    .option('--int8', 'also write the int8 variant')
    .option('--no-compile', 'copy the files without compiling them')
    .option('--no-reference', 'skip the built-in reference, which takes minutes for a large model')
    .addOption(logitScale())
    .addOption(logitBias())
    .option('--dry-run', 'report compatibility, size and license without keeping anything')
    .option(...JSON_FLAG)
    .action((source: string, options: PullOptions) =>
      pullModel(readConfig(), source, options, say),
    );

  models
    .command('add')
    .description('pull a model from the Hub, verify it, and add it to the catalog')
    .argument('<model>', 'owner/name on the Hub')
    .option('--revision <name>', 'branch, tag or commit on the Hub', 'main')
    .option('--as <owner/name>', 'local name of the model')
    .option('--int8', 'also write the int8 variant')
    .addOption(logitScale())
    .addOption(logitBias())
    .option(...JSON_FLAG)
    .action((source: string, options: Omit<PullOptions, 'compile'>) =>
      addModel(readConfig(), source, { ...options, compile: true }, say),
    );

  models
    .command('search')
    .description('search the Hub for models, showing which can run here')
    .argument('<words...>', 'parts of the name')
    .option('--limit <1-100>', 'number of models to list, most downloaded first', '20')
    .option(...JSON_FLAG)
    .action((words: string[], options: Parameters<typeof searchModels>[2]) =>
      searchModels(readConfig(), words, options, say),
    );

  models
    .command('compile')
    .description('compile a model for the predictor; the weights are left unchanged')
    .addArgument(slug())
    .option('--int8', 'also write the int8 variant: faster, less precise')
    .option(
      '--weight-bits <7|8>',
      'use 7 for other runtimes on x86 without VNNI, where 8-bit products saturate; less precise',
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
      'check files against their hashes, and results against golden.json or the built-in reference',
    )
    .addArgument(slug())
    .option(...JSON_FLAG)
    .action((name: string, options: { json?: true }) => verifyModel(root(), name, options, say));

  models
    .command('reference')
    .description('compute the built-in float64 reference, for verify and health checks')
    .addArgument(slug())
    .option(...JSON_FLAG)
    .action((name: string, options: { json?: true }) =>
      computeReference(root(), name, options, say),
    );

  models
    .command('list')
    .description('list the models in MODELS_DIR')
    .option(...JSON_FLAG)
    .action((options: { json?: true }) => listModels(root(), options, say));

  models
    .command('remove')
    .description('delete the files of a model')
    .addArgument(slug())
    .option(...JSON_FLAG)
    .action((name: string, options: { json?: true }) => removeModel(root(), name, options, say));

  models
    .command('classify')
    .description('score images against labels')
    .argument('<image...>', 'image files')
    .requiredOption('--labels <a,b,c>', 'comma-separated labels')
    .option(
      '--model <owner/name>',
      'model in the form owner/name; required if several are installed',
    )
    .option('--variant <fp32|int8>', 'variant to run', 'fp32')
    .option('--template <text>', 'prompt template with {} as the placeholder for the label')
    .option('--threshold <0-1>', 'probability at which a label counts as a match', '0')
    .option(...JSON_FLAG)
    .action((images: string[], options: Parameters<typeof classify>[2]) =>
      classify(readConfig(), images, options, say),
    );
  return models;
}
