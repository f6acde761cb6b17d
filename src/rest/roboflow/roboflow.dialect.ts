import { z } from 'zod';
import type { Dialect } from '../dialect.js';

/** As Roboflow's inference server answers: `{ message: "text" }`. */
export const roboflow: Dialect = {
  name: 'Roboflow',
  errorBody: z.object({ message: z.string() }),
  renderError: ({ status, message }) => ({ status, body: { message } }),
};
