import { z } from 'zod';
import { CandidateLabels } from '../candidate-labels.js';

const Input = z.union([
  z.string(),
  z.object({ image: z.string() }),
  z.object({ text: z.string() }),
]);
export type Input = z.output<typeof Input>;

export const Parameters = z.object({
  candidate_labels: CandidateLabels.optional(),
  hypothesis_template: z.string().optional().meta({
    description: 'Prompt with {} where the label goes',
    default: 'This is a photo of {}.',
  }),
  // The names are those of the sibling task image-classification.
  function_to_apply: z.enum(['sigmoid', 'softmax', 'none']).optional().meta({
    description:
      'sigmoid: each label by itself; softmax: shares that add up to 1; none: logits. Default: as the model was trained',
  }),
  top_k: z.int().min(1).optional().meta({ description: 'Labels to answer with; all by default' }),
});

/** What clients of Hugging Face send to a model, in the spellings of three generations of them. */
export const RunRequest = z.object({
  inputs: z
    .union([Input, z.array(Input).min(1)])
    .optional()
    .meta({
      description:
        'With labels: an image (base64, a data: URL, an https: address, or the id of a file) as it is or ' +
        'as {image}. Without: a text, {text} or {image} to make a vector of, or a list of them.',
    }),
  image: z.string().optional().meta({ description: 'The image, where the old widget has it' }),
  parameters: Parameters.nullish(),
});
export type RunRequest = z.output<typeof RunRequest>;

/** Labels and scores, best first; a vector; or vectors. */
export const RunAnswer = z.union([
  z.array(z.object({ label: z.string(), score: z.number() })),
  z.array(z.number()),
  z.array(z.array(z.number())),
]);
