import { z } from 'zod';

/** A query that refuses parameters which it does not know: to ignore a misspelt filter would be a wrong answer. */
export function strictQuery<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code, keys }) => {
      if (code !== 'unrecognized_keys') return undefined;
      const name = String((keys as readonly string[] | undefined)?.[0]).slice(0, 100);
      return `There is no parameter "${name}". Parameters: ${Object.keys(shape).join(', ')}.`;
    },
  });
}
