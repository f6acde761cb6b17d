export { compile, type CompileOptions } from './compile.js';
export type { Manifest, ManifestGraph, Variant } from './manifest.js';
export { type CompiledModel, openModel } from './model.js';
export { listModelFolders, modelFolder } from './models-folder.js';
export { imagePixels } from './pixels.js';
export { canonicalPrompt, DEFAULT_TEMPLATE, parseTemplate } from './prompt.js';
export { labelLogits, rankLabels, type RankedScores } from './scores.js';
export { Tokenizer } from './tokenizer.js';
export { type RunGraph, verify } from './verify.js';
