import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { ChargedUnit, Run, UsageService } from '../../usage/index.js';
import { PROVIDER } from '../model-object.js';
import { toUsdNumber } from '../money.js';
import { route, type Route } from '../route.js';
import { openrouter } from './openrouter.dialect.js';

const Count = z.int().nullable();

const Generation = z.object({
  id: z.string(),
  model: z.string(),
  provider_name: z.string(),
  api_type: z.string(),
  created_at: z.string(),
  latency: z.number().meta({ description: 'Milliseconds from the hold to the end' }),
  generation_time: z.number().nullable().meta({ description: 'Milliseconds that the model ran' }),
  total_cost: z.number().meta({ description: 'US dollars' }),
  usage: z.number(),
  cache_discount: z.number().nullable().meta({ description: 'US dollars that caching saved' }),
  finish_reason: z.string().meta({ description: 'stop, error or cancelled' }),
  native_finish_reason: z.string().nullable().meta({ description: 'Code of the error' }),
  cancelled: z.boolean(),
  tokens_prompt: Count.meta({ description: 'Images and texts that were asked for' }),
  tokens_completion: Count,
  native_tokens_prompt: Count,
  native_tokens_completion: Count,
  native_tokens_completion_images: Count,
  native_tokens_reasoning: Count,
  native_tokens_cached: Count.meta({ description: 'Those of them that were cached, and free' }),
  num_media_prompt: Count.meta({ description: 'Images that were asked for' }),
  num_media_completion: Count,
  num_input_audio_prompt: Count,
  num_search_results: Count,
  num_fetches: Count,
  is_byok: z.boolean(),
  data_region: z.string(),
  workspace_id: z.string(),
  origin: z.string(),
  streamed: z.null(),
  app_id: z.null(),
  external_user: z.null(),
  http_referer: z.null(),
  moderation_latency: z.null(),
  preset_id: z.null(),
  provider_responses: z.null(),
  router: z.null(),
  service_tier: z.string().nullable(),
  upstream_id: z.null(),
  upstream_inference_cost: z.null(),
  user_agent: z.null(),
  web_search_engine: z.null(),
});

/** Past calls, as OpenRouter shows one. */
export function generationRoutes(usage: Pick<UsageService, 'find'>): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v1/generation',
      operationId: 'openrouterGetGeneration',
      tag: 'OpenRouter',
      summary: 'One call that has ended: what it cost, and how long it took',
      description: 'A key without the scope "read" sees the calls that it sent itself.',
      dialect: openrouter,
      scope: 'public',
      needsCaller: true,
      query: z.object({
        id: z.string().meta({ description: '`run_…`, or the id of an answer that ends with it' }),
      }),
      answer: z.object({ data: Generation }),
      errors: ['NOT_FOUND'],
      handle: async ({ actor: { keyId, scopes }, accountId }, { query: { id } }) => {
        const runId = /(?:^|-)(run_[0-9a-z]{26})$/.exec(id)?.[1];
        const run = runId === undefined ? undefined : await usage.find(accountId, runId);
        if (run === undefined || !(scopes.has('read') || run.keyId === keyId)) {
          throw new AppError('NOT_FOUND', 'The account has no finished call with this ID.');
        }
        return { data: toGeneration(id, run) };
      },
    }),
  ];
}

/** @param id as it was asked for, so that it is the one that the caller knows */
function toGeneration(id: string, run: Run): z.infer<typeof Generation> {
  const { details, outcome, startedAt, endedAt } = run;
  const { operation = '', units = [], timingsMs, errorCode, tier } = details;
  const isAnswered = outcome === 'CAPTURED';
  const isCancelled = errorCode === 'CANCELLED';
  const inputs = sum(units, ({ requested }) => requested);
  const cost = toUsdNumber(run.chargedNanos);
  return {
    id,
    model: details.model ?? '',
    provider_name: PROVIDER,
    api_type: operation.startsWith('embed') ? 'embeddings' : 'completions',
    created_at: startedAt.toISOString(),
    latency: endedAt.getTime() - startedAt.getTime(),
    generation_time: timingsMs?.infer ?? null,
    total_cost: cost,
    usage: cost,
    cache_discount: isAnswered ? toUsdNumber(savedNanos(units)) : null,
    finish_reason: isAnswered ? 'stop' : isCancelled ? 'cancelled' : 'error',
    native_finish_reason: errorCode ?? null,
    cancelled: isCancelled,
    tokens_prompt: inputs,
    tokens_completion: 0,
    native_tokens_prompt: inputs,
    native_tokens_completion: 0,
    native_tokens_completion_images: 0,
    native_tokens_reasoning: 0,
    native_tokens_cached: isAnswered ? sum(units, cachedOf) : null,
    num_media_prompt: imagesOf(operation, units),
    num_media_completion: 0,
    num_input_audio_prompt: 0,
    num_search_results: 0,
    num_fetches: 0,
    is_byok: false,
    data_region: 'global',
    workspace_id: run.accountId,
    // Of the request nothing else is kept.
    origin: '',
    streamed: null,
    app_id: null,
    external_user: null,
    http_referer: null,
    moderation_latency: null,
    preset_id: null,
    provider_responses: null,
    router: null,
    service_tier: tier ?? null,
    upstream_id: null,
    upstream_inference_cost: null,
    user_agent: null,
    web_search_engine: null,
  };
}

const cachedOf = ({ requested, ran = 0 }: ChargedUnit) => requested - ran;

function sum(units: readonly ChargedUnit[], count: (unit: ChargedUnit) => number): number {
  return units.reduce((total, unit) => total + count(unit), 0);
}

function savedNanos(units: readonly ChargedUnit[]): bigint {
  return units.reduce(
    (total, unit) => total + BigInt(unit.nanosPerUnit) * BigInt(cachedOf(unit)),
    0n,
  );
}

/** How many vectors were of images is not kept where there may have been texts too. */
function imagesOf(operation: string, units: readonly ChargedUnit[]): number | null {
  if (operation === 'embedImages') return null;
  const images = units.filter(({ unit }) => unit === 'IMAGE');
  return sum(images, ({ requested }) => requested);
}
