import { AppError } from '../errors.js';

/**
 * @param dimensions that a caller wants; undefined: all
 * @param width of the model's vectors
 * @returns how many numbers a vector is to have
 * @throws AppError BAD_USER_INPUT
 */
export function checkDimensions(dimensions: number | undefined, width: number): number {
  if (dimensions === undefined) return width;
  if (Number.isInteger(dimensions) && dimensions >= 1 && dimensions <= width) return dimensions;
  throw new AppError(
    'BAD_USER_INPUT',
    `\`dimensions\` must be between 1 and ${String(width)} for this model.`,
    {
      details: { argument: 'dimensions' },
    },
  );
}

/** The first numbers of a vector, brought back to length 1; one without length stays so. */
export function shortenVector(vector: Float32Array, width: number): Float32Array {
  if (width === vector.length) return vector;
  const head = vector.subarray(0, width);
  const length = Math.sqrt(head.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? head : head.map((value) => value / length);
}
