import OpenAI from 'openai';
import { type App, createApp } from '../../src/app/app.js';
import { BATCH_CHECKS } from '../../src/batches/index.js';
import { LEDGER_CHECKS } from '../../src/credits/index.js';
import { type Config, readConfig } from '../../src/config/config.js';
import type { NewKey } from '../../src/accounts/new-key.js';
import { runChecks } from '../../src/platform/checks.js';
import type { Queryable } from '../../src/platform/database.js';
import { temporaryFolder } from './folder.js';
import { type Caller, DEMO_MODEL, sample } from './platform.js';
import { until } from './process.js';
import { type GatedPlatform, startGatedPlatform } from './providers.js';

export const DOLLAR = 1_000_000_000n;
/** Prices of the demo model in batches: half of the others, in nano-USD. */
export const IMAGE = 100_000n;
const LABEL = 5_000n;
export const EMBEDDING = 50_000n;
/** Of `classifyLine`. */
export const LINE = IMAGE + 2n * LABEL;

export type Endpoint = '/v1/classify' | '/v1/embeddings' | '/v1/chat/completions';

/** A batch as it comes over the wire: OpenAI's, and what we say besides. */
export type WireBatch = OpenAI.Batch & {
  readonly cost: { readonly held: number; readonly charged: number };
};

/** A line of an output or error file. */
export interface WireAnswer {
  readonly id: string;
  readonly custom_id: string;
  readonly response: {
    readonly status_code: number;
    readonly request_id: string;
    // Untyped on purpose: tests look into whatever came.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    readonly body: any;
  } | null;
  readonly error: { readonly code: string; readonly message: string } | null;
}

/** A line of an input file. */
export const lineOf = (id: string, url: Endpoint, body: object) => ({
  custom_id: id,
  method: 'POST',
  url,
  body,
});

let unique = 0;
/** A picture that nobody has sent before, to be recognized all the same: equal ones are computed once. */
export function uniquePicture(name = 'green-heart.png'): string {
  unique += 1;
  return Buffer.concat([Buffer.from(sample(name), 'base64'), Buffer.from(String(unique))]).toString(
    'base64',
  );
}

/** One image and two labels, in a phrase that nobody has used before. */
export const classifyLine = (id: string, more: object = {}) =>
  lineOf(id, '/v1/classify', {
    model: DEMO_MODEL,
    input: [{ image: uniquePicture() }],
    labels: ['red circle', 'green heart'],
    template: `a {} in picture ${String((unique += 1))}`,
    ...more,
  });

export const classifyLines = (count: number) =>
  Array.from({ length: count }, (_, n) => classifyLine(`line-${String(n)}`));

export const usd = (nanos: bigint) => Number(nanos) / 1e9;

export interface BatchPlatform extends GatedPlatform {
  /** A new account with a dollar, or another amount, and OpenAI's client with its key. */
  customer(nanos?: bigint, key?: Partial<NewKey>): Promise<{ caller: Caller; client: OpenAI }>;
  /** Posted and held, in nano-USD. */
  money(caller: Caller): Promise<{ posted: bigint; held: bigint }>;
  /** Resolves when some lines of a batch are in a state. */
  linesCome(batchId: string, state: string): Promise<void>;
  /** Another server on the same database and files. Stopped with the platform. */
  anotherServer(config?: Partial<Config>): Promise<App>;
}

/** The platform without caches: whatever is asked for runs, and is charged. */
export async function startBatchPlatform(config: Partial<Config> = {}): Promise<BatchPlatform> {
  const folder = temporaryFolder();
  const own = {
    caches: { textBytesMax: 0, imageBytesMax: 0 },
    uploads: { folder: folder.path, ttlS: 3_600, accountBytesMax: 2 ** 30 },
    ...config,
  };
  const t = await startGatedPlatform(own);
  const others: App[] = [];
  return {
    ...t,
    customer: async (nanos = DOLLAR, key = {}) => {
      const caller = await t.caller(nanos, key);
      return { caller, client: clientOf(t.url, caller) };
    },
    money: async ({ accountId }) => {
      const balance = await t.app.services.credits.balance(accountId);
      return { posted: balance.postedNanos, held: balance.heldNanos };
    },
    linesCome: async (batchId, state) => {
      await until(`lines to be ${state}`, async () => {
        const rows = await t.database.query(
          'SELECT FROM batch_line WHERE batch_id = $1 AND state::text = $2 LIMIT 1',
          [batchId, state],
        );
        return rows.length > 0 ? true : undefined;
      });
    },
    anotherServer: async (more = {}) => {
      const { modelsDir, predictorUrl } = t;
      const settings = { ...readConfig({}), modelsDir, predictorUrl, ...own, ...more };
      const app = await createApp(settings, t.database.url, { logger: t.app.logger });
      others.push(app);
      return app;
    },
    verify: () => verifyBatches(t.app.database),
    stop: async () => {
      for (const other of others) await other.stop();
      await t.stop();
      folder.remove();
    },
  };
}

export const clientOf = (url: string, { secret }: Pick<Caller, 'secret'>) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey: secret, maxRetries: 0 });

/** Uploads lines, given as objects or as they stand in the file. */
export async function uploadLines(
  client: OpenAI,
  lines: readonly (object | string)[],
): Promise<string> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  const file = await OpenAI.toFile(Buffer.from(text.join('\n')), 'lines.jsonl');
  return (await client.files.create({ file, purpose: 'batch' })).id;
}

/** Our endpoints are not all OpenAI's. */
export async function createBatch(
  client: OpenAI,
  endpoint: string,
  inputFileId: string,
  options: {
    readonly headers?: Record<string, string>;
    readonly metadata?: Record<string, string>;
  } = {},
): Promise<WireBatch> {
  const { headers = {}, metadata = null } = options;
  return (await client.batches.create(
    {
      input_file_id: inputFileId,
      endpoint: endpoint as OpenAI.BatchCreateParams['endpoint'],
      completion_window: '24h',
      metadata,
    },
    { headers },
  )) as WireBatch;
}

const ENDED = new Set(['failed', 'completed', 'expired', 'cancelled']);

/** The batch when it has ended. */
export function ended(client: OpenAI, id: string): Promise<WireBatch> {
  return until(`${id} to end`, async () => {
    const batch = (await client.batches.retrieve(id)) as WireBatch;
    return ENDED.has(batch.status) ? batch : undefined;
  });
}

/** What a file of answers says, by custom id; nothing where there is no file. */
export async function answersIn(
  client: OpenAI,
  fileId: string | null | undefined,
): Promise<Map<string, WireAnswer>> {
  if (fileId == null) return new Map();
  const text = await (await client.files.content(fileId)).text();
  const answers = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as WireAnswer);
  expect(new Set(answers.map((answer) => answer.custom_id)).size).toBe(answers.length);
  return new Map(answers.map((answer) => [answer.custom_id, answer]));
}

/** Fails unless every promise of the ledger and of batches holds. */
export async function verifyBatches(db: Queryable): Promise<void> {
  const findings = await runChecks(db, [...LEDGER_CHECKS, ...BATCH_CHECKS]);
  expect(findings.filter(({ broken }) => broken > 0n)).toEqual([]);
}
