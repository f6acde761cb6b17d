import { z } from 'zod';
import { AppError, type ErrorCode } from '../../errors.js';

/** The model that is called, and others that are tried after it, as OpenRouter has them. */
export const ModelChoice = z.object({
  model: z.string().nullish().meta({ description: 'Slug of the model' }),
  models: z
    .array(z.string())
    .max(10)
    .nullish()
    .meta({ description: 'Slugs to try in this order, after `model`, while one cannot be run' }),
});
type ModelChoice = z.output<typeof ModelChoice>;

/** Failures of a model, not of the call. */
const OF_THE_MODEL: readonly ErrorCode[] = [
  'NOT_FOUND',
  'MODEL_NOT_LIVE',
  'OVERLOADED',
  'UPSTREAM_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
];

/**
 * Does the work with the first model that can be run. A failed attempt is not charged.
 * @throws AppError BAD_USER_INPUT without a model; as the work with the last one
 */
export async function withFirstModel<Result>(
  { model, models }: ModelChoice,
  work: (model: string) => Promise<Result>,
): Promise<Result> {
  const all = [...new Set([...(model == null ? [] : [model]), ...(models ?? [])])];
  const last = all.at(-1);
  if (last === undefined) {
    throw new AppError('BAD_USER_INPUT', 'model: It is required.', {
      details: { argument: 'model' },
    });
  }
  for (const one of all.slice(0, -1)) {
    try {
      return await work(one);
    } catch (error) {
      if (!(error instanceof AppError && OF_THE_MODEL.includes(error.code))) throw error;
    }
  }
  return work(last);
}
