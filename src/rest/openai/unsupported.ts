import { z } from 'zod';

/** A list that has to be empty, as no model here can do anything with it. */
export function notWanted(error: string) {
  return z.array(z.unknown()).max(0, { error }).nullish();
}
