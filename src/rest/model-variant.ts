import { AppError } from '../errors.js';

/** OpenRouter's suffixes that only say which provider is preferred: here there is one. */
const PREFERENCES = ['floor', 'nitro', 'exacto'];

/**
 * The slug without a suffix that OpenRouter has for variants of models.
 * @returns `notice`: what the caller should know about it
 * @throws AppError NOT_FOUND for a suffix that asks for another model, or for one that costs nothing
 */
export function withoutVariant(model: string): {
  readonly slug: string;
  readonly notice?: string;
} {
  const [, slug, suffix] = /^([^:]+):([a-z]{1,20})$/.exec(model) ?? [];
  if (slug === undefined || suffix === undefined) return { slug: model };
  if (PREFERENCES.includes(suffix)) {
    return {
      slug,
      notice: `The suffix ":${suffix}" has no effect: models have one provider here.`,
    };
  }
  const reason =
    suffix === 'free' ? 'no model is free of charge here' : 'models have no variants here';
  throw new AppError(
    'NOT_FOUND',
    `There is no "${model.slice(0, 300)}", as ${reason}. Call "${slug.slice(0, 300)}".`,
  );
}
