import { z } from 'zod';
import type { Dialect } from '../dialect.js';

/** As the Open Inference Protocol has errors: `{ error: "text" }`. */
export const openInference: Dialect = {
  name: 'the Open Inference Protocol',
  errorBody: z.object({ error: z.string() }),
  renderError: ({ code, status, message }) => ({
    // As Triton answers about a model that it knows and does not serve.
    status: code === 'MODEL_NOT_LIVE' ? 400 : status,
    body: { error: message },
    // KServe's client shows the text of an error of exactly this media type.
    contentType: 'application/json',
  }),
};
