import { z } from 'zod';
import type { Dialect } from '../dialect.js';

/** As DeepInfra answers, a server made with FastAPI: `{ detail: "text" }`. */
export const deepinfra: Dialect = {
  name: 'DeepInfra',
  errorBody: z.object({ detail: z.string() }),
  renderError: ({ status, message }) => ({ status, body: { detail: message } }),
};
