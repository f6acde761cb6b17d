import type { Variant } from '../siglip/index.js';
import type { BatchRules } from './batcher.js';

/** What a predictor is told by its environment. */
export interface PredictorSettings {
  /** Bearer token that it asks for, or that is shown to one elsewhere. */
  readonly token: string | undefined;
  /** Loaded of each model that has them; fp32 of one that has none of them. */
  readonly variants: readonly Variant[];
  /** Threads of one run. */
  readonly threads: number;
  /** Copy the weights into the order that the kernels like best. */
  readonly prepack: boolean;
  readonly rules: BatchRules;
}
