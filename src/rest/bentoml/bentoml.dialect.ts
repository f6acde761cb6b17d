import type { Dialect } from '../dialect.js';

/** As BentoML's servers answer: `{ error: "text" }`. */
export const bentoml: Dialect = {
  name: 'BentoML',
  renderError: ({ status, message }) => ({ status, body: { error: message } }),
};
