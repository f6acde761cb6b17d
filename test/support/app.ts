import type { AddressInfo } from 'node:net';
import { type App, type AppParts, createApp } from '../../src/app/app.js';
import { type Config, readConfig } from '../../src/config/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { UNLIMITED } from './unlimited.js';

export interface GraphQLAnswer {
  status: number;
  headers: Headers;
  /** Untyped on purpose: tests look into whatever came. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  body: any;
}

export interface TestApp {
  readonly app: App;
  readonly database: TestDatabase;
  /** Without a slash at the end. */
  readonly url: string;
  /** Sends one operation over HTTP. */
  gql(query: string, variables?: Record<string, unknown>): Promise<GraphQLAnswer>;
  /** Log lines written so far. */
  readonly log: string[];
  stop(): Promise<void>;
}

/** As long as a slow and busy machine needs; what is refused or cut fails at once. */
const PATIENT = { DATABASE_CONNECT_TIMEOUT_MS: '60000', DATABASE_STATEMENT_TIMEOUT_MS: '60000' };

/** The whole app on a port of its own and a database of its own. */
export async function startTestApp(
  options: {
    env?: Record<string, string>;
    seeded?: boolean;
    config?: Partial<Config>;
    /** false: it does only what the test asks it for. Turns that a test makes itself would race its own. */
    background?: boolean;
  } & AppParts = {},
): Promise<TestApp> {
  const { env = {}, seeded = true, config = {}, background = true, ...parts } = options;
  const database = await createTestDatabase({ seeded });
  const log: string[] = [];
  const logger = createLogger('info', { write: (line) => log.push(line) });
  const app = await createApp(
    { ...readConfig({ ...PATIENT, ...UNLIMITED, ...env }), ...config },
    database.url,
    {
      logger,
      ...parts,
      ...(background ? {} : { isCommand: true }),
    },
  );
  await app.server.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    app,
    database,
    url,
    log,
    gql: (query, variables) => postGraphQL(url, { query, variables }),
    stop: async () => {
      await app.stop();
      await database.drop();
    },
  };
}

export async function postGraphQL(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}
