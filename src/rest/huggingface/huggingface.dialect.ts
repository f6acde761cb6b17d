import { z } from 'zod';
import type { Dialect } from '../dialect.js';

/**
 * As the Inference API of Hugging Face answers: `{ error: "text" }`, a string, as its clients show nothing
 * else.
 */
export const huggingface: Dialect = {
  name: 'Hugging Face',
  errorBody: z.object({ error: z.string() }),
  renderError: ({ status, message }) => ({
    // Its JavaScript client repeats every 503 at once and without end. So a call waits for a model that
    // warms up, as that client would have done, and is told that it took too long when it did.
    status: status === 503 ? 504 : status,
    body: { error: message },
  }),
  // Hugging Face takes a provider only if it answers within 30 seconds.
  waitS: 30,
};
