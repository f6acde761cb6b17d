import type { CompiledModel } from './compiled-model.js';
import type { ModelConfig } from './model-config.js';

/** Facts of a compiled model that its files state. */
export interface ModelFacts {
  /** All numbers of its weights. */
  readonly parameters: number;
  /** Side of the square picture. */
  readonly imageSizePx: number;
  /** Null where nothing says it: ready-made graphs. */
  readonly patchSizePx: number | null;
  /** Length of an embedding. */
  readonly embedDim: number;
  /** Tokens of a text at most. */
  readonly contextLength: number;
  readonly loss: 'sigmoid' | 'softmax';
}

export function describeModel({
  config,
  weights,
}: Pick<CompiledModel, 'config' | 'weights'>): ModelFacts {
  const { vision } = config as Partial<Pick<ModelConfig, 'vision'>>;
  return {
    parameters: weights.parameters,
    imageSizePx: config.preprocess.imageSize,
    patchSizePx: vision?.patchSize ?? null,
    embedDim: config.embedDim,
    contextLength: config.text.contextLength,
    loss: config.loss,
  };
}
