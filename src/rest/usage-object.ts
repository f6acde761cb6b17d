import { z } from 'zod';
import type { Metered } from '../inference/index.js';
import { toUsdNumber } from './money.js';

/** Cost of an answer, in US dollars. */
export const Cost = z.object({
  cost: z.number().meta({ description: 'US dollars that the request was charged; 0 for a replay' }),
  original_cost: z
    .number()
    .optional()
    .meta({ description: 'For a replay: US dollars that the original request was charged' }),
});

/** `usage`, as answers have it. */
export const Usage = z.object({
  prompt_tokens: z.int().meta({ description: 'Images and texts of the call' }),
  total_tokens: z.int(),
  ...Cost.shape,
});

/**
 * `usage` of an answer. Nobody pays for tokens here: what is counted are inputs, images and texts, whether they were
 * charged or cached.
 */
export function usageOf(
  metered: Pick<Metered<object>, 'units' | 'chargedNanos' | 'originalNanos'>,
): z.infer<typeof Usage> {
  const inputs = metered.units.reduce((sum, { requested }) => sum + requested, 0);
  return { prompt_tokens: inputs, total_tokens: inputs, ...costOf(metered) };
}

/** Clients add up `cost`: a replay must not count twice. */
export function costOf({
  chargedNanos,
  originalNanos,
}: Pick<Metered<object>, 'chargedNanos' | 'originalNanos'>): z.infer<typeof Cost> {
  return {
    cost: toUsdNumber(chargedNanos),
    ...(originalNanos === undefined ? {} : { original_cost: toUsdNumber(originalNanos) }),
  };
}
