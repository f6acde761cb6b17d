import type { AddressInfo } from 'node:net';
import { type App, type AppParts, createApp } from '../../src/app/app.js';
import { type Config, readConfig } from '../../src/config/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { createTestDatabase, type TestDatabase } from './database.js';
import { endpointOf } from './endpoint.js';
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

/** @param path left out: the endpoint that has what the document asks for */
export async function postGraphQL(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal: AbortSignal | null = null,
  path = endpointOf((body as { query?: unknown } | null)?.query),
): Promise<GraphQLAnswer> {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    signal,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** What an answer says went wrong first. */
export interface ToldError {
  readonly code: string;
  readonly message: string;
  /** The argument or field of the input at fault. */
  readonly argument?: string;
  readonly [detail: string]: unknown;
}

/** The first error of an answer, wherever it is told: at its top, or in the payload of a mutation. */
export function errorOf(answer: { readonly body: unknown } | undefined): ToldError | undefined {
  const { errors, data } = (answer?.body ?? {}) as {
    errors?: { message: string; extensions: { code: string } }[];
    data?: Record<string, { userErrors?: UserError[] } | null> | null;
  };
  const top = errors?.[0];
  if (top !== undefined) return { message: top.message, ...top.extensions };
  const [told] = Object.values(data ?? {}).flatMap((payload) => payload?.userErrors ?? []);
  if (told === undefined) return undefined;
  const { code, message, path, details } = told;
  const argument = path?.slice(1).join('.');
  return { code, message, ...(argument === undefined ? {} : { argument }), ...details };
}

interface UserError {
  readonly code: string;
  readonly message: string;
  readonly path?: readonly string[] | null;
  readonly details?: Readonly<Record<string, unknown>> | null;
}

/** The code of that error. */
export function codeOf(answer: { readonly body: unknown } | undefined): string | undefined {
  return errorOf(answer)?.code;
}
