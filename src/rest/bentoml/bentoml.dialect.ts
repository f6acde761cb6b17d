import { z } from 'zod';
import type { Dialect } from '../dialect.js';

/** As BentoML's servers answer: `{ error: "text" }`. */
export const bentoml: Dialect = {
  name: 'BentoML',
  errorBody: z.object({ error: z.string() }),
  renderError: ({ status, message }) => ({ status, body: { error: message } }),
};
