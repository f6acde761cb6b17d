/**
 * A part of WITH: which slug a former slug or another alias (`name`) leads to now (`slug`). Runs and roll-ups keep the
 * slug that a call was made by, for ever; who reads them looks it up here, so that a model is one whatever its calls
 * were made by. A name that no model has, as one that was freed, stands for itself.
 */
export const PRESENT_SLUGS = `
  present_slug AS MATERIALIZED (
    SELECT a.slug AS name, m.slug FROM model_alias a JOIN model m ON m.id = a.model_id
  )`;
