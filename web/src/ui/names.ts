/** Values of the API in words. What is added there later is shown as it is written. */
export const STATUS_NAMES: Readonly<Record<string, string>> = {
  LIVE: 'live',
  COMING_SOON: 'coming soon',
  DEGRADED: 'degraded',
  DEPRECATED: 'deprecated',
  PROPOSED: 'proposed',
  RETIRED: 'retired',
};

export const TASK_NAMES: Readonly<Record<string, string>> = {
  ZERO_SHOT_IMAGE_CLASSIFICATION: 'zero-shot image',
  IMAGE_CLASSIFICATION: 'image classification',
  IMAGE_FEATURE_EXTRACTION: 'image embeddings',
  FEATURE_EXTRACTION: 'text embeddings',
};

export const STAGE_NAMES: Readonly<Record<string, string>> = {
  REQUESTED: 'requested',
  BENCHMARKING: 'benchmarking',
  ONBOARDING: 'onboarding',
  LIVE: 'live',
};

/** A price per this. */
export const UNIT_NAMES: Readonly<Record<string, string>> = {
  IMAGE: 'image',
  LABEL_TEXT: 'label',
  EMBEDDING: 'embedding',
};

export function nameIn(names: Readonly<Record<string, string>>, value: string): string {
  return names[value] ?? value.toLowerCase().replaceAll('_', ' ');
}
