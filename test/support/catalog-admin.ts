import { errorOf, startTestApp, type TestApp } from './app.js';
import { temporaryFolder } from './folder.js';
import { mailTo, newOperator } from './operators.js';
import type { Person } from './people.js';

export const CREATE = `mutation ($input: CreateModelInput!) {
  createModel(input: $input) {
    model {
      id slug owner name status license apiProviders likes aliases
      specs { label value }
      changelog { kind text }
    }
    userErrors { code message path details }
  }
}`;
export const PRICE = `mutation ($input: SetModelPriceInput!) {
  setModelPrice(input: $input) {
    model {
      prices { unit nanosPerUnit }
      priceVersions { unit nanosPerUnit effectiveFrom isWithdrawn }
    }
    userErrors { code message path details }
  }
}`;
export const NOTE = `mutation ($model: String!, $text: String!) {
  createModelChange(input: { model: $model, text: $text }) {
    model { changelog { kind text } }
    userErrors { code message path details }
  }
}`;
/** The mutation that moves a model to another status, as "retireModel". */
export const move = (act: string) =>
  `mutation ($model: String!, $reason: String) {
    ${act}(input: { model: $model, reason: $reason }) {
      model { status changelog(first: 1) { kind text } }
      userErrors { code message path details }
    }
  }`;

/** The app with an empty catalog, and an operator of it. Registers its own hooks. */
export function useCatalogAdmin() {
  const outbox = temporaryFolder();
  let t: TestApp;
  let operator: Person;
  beforeAll(async () => {
    t = await startTestApp({ seeded: false, config: mailTo(outbox.path) });
    operator = await newOperator(t, outbox.path);
  });
  afterAll(async () => {
    await t.stop();
    outbox.remove();
  });
  let count = 0;
  return {
    /** Where mails are written to. */
    outboxDir: outbox.path,
    get t() {
      return t;
    },
    get operator() {
      return operator;
    },
    /** A new model. @returns its slug and id */
    create: async (more: object = {}): Promise<{ slug: string; id: string }> => {
      count += 1;
      const slug = `test/model-${String(count)}`;
      const known = { slug, name: 'Model', task: 'FEATURE_EXTRACTION', summary: 'A model.' };
      const { body } = await operator.gql(CREATE, { input: { ...known, ...more } });
      expect(errorOf({ body })).toBeUndefined();
      return { slug, id: body.data.createModel.model.id as string };
    },
    /** What is written down of a model, oldest first. */
    audited: (id: string) =>
      t.database.query<{ action: string; details: Record<string, string>; user_id: string }>(
        'SELECT action, details, user_id FROM audit_event WHERE target = $1 ORDER BY id',
        [id],
      ),
  };
}
