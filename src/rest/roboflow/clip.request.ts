import { z } from 'zod';
import { AppError } from '../../errors.js';
import { imageSourceOf } from '../image.js';
import type { Embeddable } from '../vectors.js';

const Image = z.object({ type: z.enum(['url', 'base64']), value: z.string() });
/** A text, or an image. */
const Thing = z.union([z.string(), Image]);
type Thing = z.output<typeof Thing>;
const Kind = z.enum(['image', 'text']);

/** `clip_version_id` and `model_id` name a CLIP, and are not looked at. */
export const ModelChoice = z.object({
  model: z
    .string()
    .optional()
    .meta({ description: 'Slug; by default the only model that is live' }),
});
export type ModelChoice = z.output<typeof ModelChoice>;

export const CompareRequest = ModelChoice.extend({
  subject: Thing,
  subject_type: Kind.default('image'),
  prompt: z
    .union([
      z.array(Thing).min(1),
      Thing.transform((one) => [one]),
      z.record(z.string(), Thing).refine((map) => Object.keys(map).length > 0),
    ])
    .meta({ description: 'One, a list, or names and values: the answer has the same names' }),
  prompt_type: Kind.default('text'),
});

export const EmbedImageRequest = ModelChoice.extend({
  image: z.union([Thing, z.array(Thing).min(1)]),
});

export const EmbedTextRequest = ModelChoice.extend({
  text: z.union([z.string(), z.array(z.string()).min(1)]),
});

/** @param field named by the error @throws AppError BAD_USER_INPUT for an image that is said to be a text */
export function embeddableOf(field: string, kind: z.output<typeof Kind>, thing: Thing): Embeddable {
  if (kind === 'text') {
    if (typeof thing === 'string') return { text: thing };
    throw new AppError('BAD_USER_INPUT', `${field}: expected a text, got an image.`, {
      details: { argument: field },
    });
  }
  if (typeof thing === 'string') return { image: imageSourceOf(thing) };
  return { image: thing.type === 'url' ? { url: thing.value } : { base64: thing.value } };
}
