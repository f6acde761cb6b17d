import type { ModelTask, PriceUnit } from '../catalog/index.js';

/** Units that the operations on a model charge, by what it does: it cannot be sold without a price of each. */
export const CHARGED_UNITS: Readonly<Record<ModelTask, readonly PriceUnit[]>> = {
  ZERO_SHOT_IMAGE_CLASSIFICATION: ['IMAGE', 'LABEL_TEXT', 'EMBEDDING'],
  IMAGE_CLASSIFICATION: ['IMAGE'],
  IMAGE_FEATURE_EXTRACTION: ['EMBEDDING'],
  FEATURE_EXTRACTION: ['EMBEDDING'],
};
