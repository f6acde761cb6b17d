import { z } from 'zod';
import type { Metered } from '../inference/index.js';
import { toUsdNumber } from './money.js';

/** `usage`, as answers have it. */
export const Usage = z.object({
  prompt_tokens: z.int().meta({ description: 'Images and texts of the call' }),
  total_tokens: z.int(),
  cost: z.number().meta({ description: 'US dollars' }),
});

/**
 * `usage` of an answer. Nobody pays for tokens here: what is counted are inputs, images and texts, whether they were
 * charged or cached. `cost` in US dollars.
 */
export function usageOf({
  units,
  chargedNanos,
}: Pick<Metered<object>, 'units' | 'chargedNanos'>): z.infer<typeof Usage> {
  const inputs = units.reduce((sum, { requested }) => sum + requested, 0);
  return { prompt_tokens: inputs, total_tokens: inputs, cost: toUsdNumber(chargedNanos) };
}
