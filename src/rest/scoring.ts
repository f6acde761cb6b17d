import { z } from 'zod';

type Way = 'SIGMOID' | 'SOFTMAX';

/**
 * What `score` is where the caller does not say: SOFTMAX is a label's share among those of the call, AS_TRAINED what the
 * model was trained for: each label's own probability (SigLIP), or its share (CLIP).
 */
const DEFAULTS = {
  /** Jina's and vLLM's classifiers answer with shares: `probs` add up to 1. */
  classify: 'SOFTMAX',
  /** A chat answers with one of the labels: its score is what speaks for it against the others. */
  chat: 'SOFTMAX',
  /** OpenAI's categories are judged each by itself. */
  moderations: 'AS_TRAINED',
  /** As the pipeline of transformers, the reference for this task. */
  huggingface: 'AS_TRAINED',
  /** DeepInfra's models are CLIPs, which have shares only. */
  deepinfra: 'SOFTMAX',
  /** There is no contract for the output: what can be acted on without knowing the other labels, where there is such. */
  replicate: 'AS_TRAINED',
  /** `probabilities` of BentoML's CLIP service are a softmax over the candidates. */
  bentoml: 'SOFTMAX',
} as const;

export const Scoring = z.enum(['sigmoid', 'softmax']).nullish().meta({
  description:
    'sigmoid: each label by itself; softmax: shares that add up to 1. A single label is by default scored by itself, as its share is always 1.',
});
export type Scoring = z.output<typeof Scoring>;

/**
 * @param labels how many are scored against each other: the share of a single one says nothing
 * @returns undefined: as the model was trained
 */
export function scoringOf(
  dialect: keyof typeof DEFAULTS,
  asked: Scoring,
  labels: number,
): Way | undefined {
  if (asked != null) return asked === 'sigmoid' ? 'SIGMOID' : 'SOFTMAX';
  return labels === 1 || DEFAULTS[dialect] === 'AS_TRAINED' ? undefined : DEFAULTS[dialect];
}
