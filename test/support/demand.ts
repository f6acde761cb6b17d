import type { Config } from '../../src/config/config.js';
import { errorOf, startTestApp, type TestApp } from './app.js';
import { moveClock } from './clock.js';
import { temporaryFolder } from './folder.js';
import { operatorOf } from './operators.js';
import { type Person, signUp } from './people.js';
import { type Caller, newCaller } from './platform.js';

export { codeOf } from './app.js';

const OPERATOR = 'operator@example.org';

export interface DemandRig extends TestApp {
  readonly outboxDir: string;
  readonly operator: Person;
  caller(): Promise<Caller>;
  person(email: string): Promise<Person>;
  /** Moves the clock of the database. */
  skip(days: number): Promise<void>;
}

/** The app with a clock that can be moved, an outbox and an operator. */
export async function startDemandRig(config: Partial<Config> = {}): Promise<DemandRig> {
  const outbox = temporaryFolder();
  let skippedS = 0;
  const t = await startTestApp({
    background: false,
    config: {
      publicUrl: 'http://gigarouter.test',
      mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
      ...config,
    },
  });
  const server = { url: t.url, outboxDir: outbox.path };
  const operator = operatorOf(await signUp(server, OPERATOR));
  await t.app.services.accounts.setOperator(OPERATOR, true);
  return {
    ...t,
    outboxDir: outbox.path,
    operator,
    caller: () => newCaller(t, 0n),
    person: (email) => signUp(server, email),
    skip: async (days) => {
      skippedS += days * 86_400;
      await moveClock(t.database, skippedS);
    },
    stop: async () => {
      await t.stop();
      outbox.remove();
    },
  };
}

export const REQUEST = `mutation ($input: RequestModelInput!) {
  requestModel(input: $input) {
    modelRequest {
      id useCase monthlyVolume isContactAllowed place earlyAccessAt notifiedAt launchCreditNanos
      model { id slug status }
    }
    userErrors { code message path details }
  }
}`;

/** Asks for a model. @returns the request, as it was answered */
export async function request(
  { gql }: Pick<Caller, 'gql'>,
  input: Record<string, unknown>,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
): Promise<any> {
  const { body } = await gql(REQUEST, { input });
  const error = errorOf({ body });
  if (error !== undefined) throw new Error(JSON.stringify(error));
  return body.data.requestModel.modelRequest;
}

/** A model on its way, made by SQL. @returns its id */
export async function addModel(
  { database }: Pick<TestApp, 'database'>,
  slug: string,
  status = 'COMING_SOON',
): Promise<string> {
  const id = `mdl_${slug.toLowerCase().replaceAll(/\W/g, '')}`;
  await database.query(
    `INSERT INTO model (id, slug, name, owner, task, status, summary)
     VALUES ($1, $2, $2, split_part($2, '/', 1), 'ZERO_SHOT_IMAGE_CLASSIFICATION', $3::"ModelStatus", 'A test')`,
    [id, slug, status],
  );
  return id;
}
