import { z } from 'zod';
import type { BatchesService, BatchProgress } from '../../batches/index.js';
import { type CallLimits, rateHeaders } from '../../usage/index.js';
import { toUsdNumber } from '../money.js';
import { route, type Route } from '../route.js';
import { Cursor, cursorListOf, toCursorList, toSeconds } from './cursor-list.js';
import { openai } from './openai.dialect.js';

// PostgreSQL keeps neither NUL nor halves of characters.
const storable = /^[^\0\p{Surrogate}]*$/u;
const Metadata = z
  .record(z.string().min(1).max(64).regex(storable), z.string().max(512).regex(storable))
  .refine((entries) => Object.keys(entries).length <= 16, 'has at most 16 entries');

const Request = z.object({
  input_file_id: z.string().meta({ description: 'A file with the purpose `batch`' }),
  endpoint: z.string().meta({
    description: 'Which all lines call: /v1/classify, /v1/embeddings or /v1/chat/completions',
  }),
  completion_window: z.literal('24h'),
  metadata: Metadata.nullish(),
});

const time = z.int().nullable();
const BatchObject = z.object({
  id: z.string(),
  object: z.literal('batch'),
  endpoint: z.string(),
  status: z.enum([
    'validating',
    'failed',
    'in_progress',
    'finalizing',
    'completed',
    'expired',
    'cancelling',
    'cancelled',
  ]),
  errors: z
    .object({
      object: z.literal('list'),
      data: z.array(
        z.object({
          code: z.string(),
          message: z.string(),
          line: z.int().nullable(),
          param: z.string().nullable(),
        }),
      ),
    })
    .nullable(),
  input_file_id: z.string(),
  output_file_id: z.string().nullable(),
  error_file_id: z.string().nullable(),
  completion_window: z.literal('24h'),
  created_at: z.int(),
  in_progress_at: time,
  expires_at: z.int(),
  finalizing_at: time,
  completed_at: time,
  failed_at: time,
  expired_at: time,
  cancelling_at: time,
  cancelled_at: time,
  request_counts: z.object({ total: z.int(), completed: z.int(), failed: z.int() }),
  cost: z
    .object({ held: z.number(), charged: z.number() })
    .meta({ description: 'US dollars: set aside for what is to come, and what was charged' }),
  metadata: Metadata.nullable(),
});

const common = { tag: 'Batches', dialect: openai, scope: 'inference' } as const;
const Id = z.object({ id: z.string() });

const DESCRIPTION = `Runs the lines of a file within a day, at the price of batches. Each line is
\`{"custom_id", "method": "POST", "url", "body"}\`, where the body is what the endpoint takes; images may be in it.
The most that all lines can cost together is held at once, or the batch is refused with 402; each line is charged as it
runs, and what fails, is cancelled or expires is free. A file with mistakes makes a batch that is \`failed\`, with the
mistakes by line. \`Idempotency-Key\` makes it safe to send again.`;

/** OpenAI's batches. */
export function batchesRoutes(batches: BatchesService, limits: CallLimits): Route[] {
  return [
    route({
      ...common,
      method: 'POST',
      url: '/v1/batches',
      operationId: 'createBatch',
      summary: 'Runs many calls from a file, at a lower price',
      description: DESCRIPTION,
      body: Request,
      answer: BatchObject,
      errors: ['NOT_FOUND', 'INSUFFICIENT_CREDIT', 'CONFLICT', 'IDEMPOTENCY_MISMATCH'],
      handle: (call, { body }) =>
        limits.run(
          call.actor,
          (state) => {
            const headers = { ...rateHeaders(state), ...openai.rateHeaders?.(state) };
            for (const [name, value] of Object.entries(headers)) call.setHeader(name, value);
          },
          async () => {
            const { input_file_id: inputFileId, endpoint, metadata } = body;
            const idempotencyKey = call.header('idempotency-key');
            const request = { inputFileId, endpoint, metadata: metadata ?? null, idempotencyKey };
            return toBatch(await batches.create(call.actor, request));
          },
        ),
    }),
    route({
      ...common,
      method: 'GET',
      url: '/v1/batches',
      operationId: 'listBatches',
      summary: 'The account’s batches, newest first',
      query: z.object({
        after: Cursor.optional().meta({ description: 'Id of the batch before' }),
        limit: z.coerce.number().int().min(1).max(100).default(20),
      }),
      answer: cursorListOf(BatchObject),
      examples: [{ summary: 'The newest ones', query: { limit: '3' } }],
      handle: async (call, { query: { after, limit } }) => {
        const found = await batches.list(call.accountId, { after, first: limit + 1 });
        const progress = await batches.progressOf(found.map(({ id }) => id));
        return toCursorList(progress.map(toBatch), limit);
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: '/v1/batches/:id',
      operationId: 'getBatch',
      summary: 'How far a batch is',
      params: Id,
      answer: BatchObject,
      handle: async (call, { params }) => toBatch(await batches.get(call.accountId, params.id)),
    }),
    route({
      ...common,
      method: 'POST',
      url: '/v1/batches/:id/cancel',
      operationId: 'cancelBatch',
      summary: 'Stops what has not begun, and gives its credit back',
      params: Id,
      answer: BatchObject,
      errors: ['CONFLICT'],
      handle: async (call, { params }) => toBatch(await batches.cancel(call.accountId, params.id)),
    }),
  ];
}

function toBatch(batch: BatchProgress): z.output<typeof BatchObject> {
  const { lines, endedAt, status } = batch;
  const { OPEN: open, COMPLETED: completed, FAILED: failed, CANCELLED, EXPIRED } = lines;
  const endedAs = (wanted: typeof status) =>
    endedAt !== null && status === wanted ? toSeconds(endedAt) : null;
  const hasRun = status !== 'FAILED';
  const others = failed + CANCELLED + EXPIRED;
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    status: statusOf(batch),
    errors: hasRun ? null : { object: 'list', data: [...batch.errors] },
    input_file_id: batch.inputFileId,
    output_file_id: endedAt !== null && completed > 0 ? batch.outputFileId : null,
    error_file_id: endedAt !== null && others > 0 ? batch.errorFileId : null,
    completion_window: '24h',
    created_at: toSeconds(batch.createdAt),
    in_progress_at: hasRun ? toSeconds(batch.createdAt) : null,
    expires_at: toSeconds(batch.expiresAt),
    finalizing_at: batch.finalizingAt && toSeconds(batch.finalizingAt),
    completed_at: endedAs('COMPLETED'),
    failed_at: endedAs('FAILED'),
    expired_at: endedAs('EXPIRED'),
    cancelling_at: batch.cancellingAt && toSeconds(batch.cancellingAt),
    cancelled_at: endedAs('CANCELLED'),
    request_counts: { total: open + completed + others, completed, failed },
    cost: { held: toUsdNumber(batch.heldNanos), charged: toUsdNumber(batch.chargedNanos) },
    metadata: batch.metadata && { ...batch.metadata },
  };
}

/** One that is cancelled does not say that its files are being written. */
function statusOf({ status, cancellingAt }: BatchProgress): z.output<typeof BatchObject>['status'] {
  if (status === 'FINALIZING' && cancellingAt !== null) return 'cancelling';
  return status.toLowerCase() as Lowercase<typeof status>;
}
