import { z } from 'zod';
import type { Dialect } from '../dialect.js';

/** As Replicate answers: `{ title, detail, status }`. Its clients wait for a prediction by `Prefer: wait`. */
export const replicate: Dialect = {
  name: 'Replicate',
  errorBody: z.object({ title: z.string(), detail: z.string(), status: z.int() }),
  renderError: ({ status, message, code }) => ({
    status,
    body: { title: code.toLowerCase().replaceAll('_', ' '), detail: message, status },
  }),
};
