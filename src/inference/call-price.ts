import type { Model } from '../catalog/index.js';
import { AppError } from '../errors.js';
import type { ChargedUnit } from '../usage/index.js';
import type { Units } from './metered-call.js';

/**
 * What some units of a model cost, line by line, at the prices in force.
 * @param percent of the price that is asked, 1–100; half a nano-dollar counts as one
 * @throws AppError MODEL_NOT_LIVE without a price
 */
export function priceLines(model: Model, units: Units, percent: number): ChargedUnit[] {
  return Object.entries(units)
    .filter(([, count]) => count > 0)
    .map(([unit, requested]) => {
      const price = model.prices?.find((version) => version.unit === unit);
      if (price === undefined) {
        throw new AppError('MODEL_NOT_LIVE', `${model.slug} has no price for ${unit} yet.`);
      }
      const nanosPerUnit = (price.nanosPerUnit * BigInt(percent) + 50n) / 100n;
      return {
        unit,
        priceVersionId: price.id,
        nanosPerUnit: nanosPerUnit.toString(),
        requested,
      };
    });
}

/** Exact: prices are whole nano-USD, so nothing is rounded any more. */
export function costOf<Line extends ChargedUnit>(
  lines: readonly Line[],
  count: (line: Line) => number,
): bigint {
  return lines.reduce((sum, line) => sum + BigInt(line.nanosPerUnit) * BigInt(count(line)), 0n);
}
