export { compile, type CompileOptions } from './compile.js';
export {
  type CheckpointFiles,
  checkpointFiles,
  checkScoring,
  checkTokenizer,
  checkWeightHeaders,
  copyCheckpoint,
  weightFiles,
} from './checkpoint-files.js';
export { describeModel, type ModelFacts } from './describe-model.js';
export type { TextCleaning } from './model-config.js';
export { type Backing, readReference, type Reference } from './backing.js';
export { checkGolden, readGolden } from './golden.js';
export { writeSelfReference } from './reference/self-reference.js';
export {
  type Manifest,
  MANIFEST_FILE,
  type ManifestGraph,
  type ManifestVariant,
  servedVariant,
  type Variant,
} from './manifest.js';
export { type CompiledModel, openModel } from './compiled-model.js';
export {
  listModelFolders,
  listPublishedFiles,
  modelFolder,
  type PublishedFile,
} from './models-folder.js';
export { imagePixels } from './pixels.js';
export { canonicalPrompt, DEFAULT_TEMPLATE, parseTemplate } from './prompt.js';
export { type LabelWarning, labelWarnings } from './label-warnings.js';
export { labelLogits, rankLabels, type RankedScores } from './scores.js';
export { Tokenizer } from './tokenizer.js';
export { type RunGraph, verify } from './verify.js';
export { detectFormat } from './image-format.js';
