import type { Dialect } from '../dialect.js';

/** As Roboflow's inference server answers: `{ message: "text" }`. */
export const roboflow: Dialect = {
  name: 'Roboflow',
  renderError: ({ status, message }) => ({ status, body: { message } }),
};
