import { z } from 'zod';
import { type CatalogService, isCallable, type Model } from '../../catalog/index.js';
import { AppError } from '../../errors.js';
import type { MeteredClassificationService, ServedModel } from '../../inference/index.js';
import { anonymous } from '../../platform/actor.js';
import type { ModelPerformance, UsageService } from '../../usage/index.js';
import {
  Architecture,
  architectureOf,
  Pricing,
  pricingOf,
  PROVIDER,
  publishedAt,
} from '../model-object.js';
import { route, type Route } from '../route.js';
import { getModel } from './models.routes.js';
import { openrouter } from './openrouter.dialect.js';

const Percentiles = z
  .object({ p50: z.number(), p75: z.number(), p90: z.number(), p99: z.number() })
  .nullable();
const Percent = z.number().min(0).max(100).nullable();

const Endpoint = z.object({
  name: z.string(),
  model_id: z.string(),
  model_name: z.string(),
  provider_name: z.string(),
  tag: z.string(),
  status: z.int(),
  pricing: Pricing,
  context_length: z.int().meta({ description: 'Tokens of a text' }),
  max_prompt_tokens: z.null(),
  max_completion_tokens: z.null(),
  quantization: z.string(),
  supported_parameters: z.array(z.string()),
  supports_implicit_caching: z.boolean(),
  supports_tool_choice: z.object({
    auto: z.boolean(),
    function: z.boolean(),
    none: z.boolean(),
    required: z.boolean(),
  }),
  supports_voice_cloning: z.boolean(),
  uptime_last_5m: Percent.meta({
    description: 'Percent of calls that did not fail on our side; null: nobody called',
  }),
  uptime_last_30m: Percent,
  uptime_last_1d: Percent,
  latency_last_30m: Percentiles.meta({ description: 'Milliseconds of a whole call' }),
  throughput_last_30m: Percentiles.meta({ description: 'Images and texts a second, of one call' }),
});

/** Who runs a model, for how much, and how that went lately: this server, once the model can be called. */
export function endpointsRoutes({
  catalog,
  inference,
  usage,
}: {
  readonly catalog: Pick<CatalogService, 'findModels'>;
  readonly inference: Pick<MeteredClassificationService, 'describe'>;
  readonly usage: Pick<UsageService, 'performance'>;
}): Route[] {
  return [
    route({
      method: 'GET',
      url: '/api/v1/models/:author/:slug/endpoints',
      operationId: 'openrouterListEndpoints',
      tag: 'OpenRouter',
      summary: 'Who runs a model, for how much, and how that went lately',
      dialect: openrouter,
      scope: 'public',
      params: z.object({ author: z.string(), slug: z.string() }),
      answer: z.object({
        data: z.object({
          id: z.string(),
          name: z.string(),
          created: z.int(),
          description: z.string(),
          architecture: Architecture,
          endpoints: z.array(Endpoint),
        }),
      }),
      examples: [{ summary: 'The demo', params: { author: 'gigarouter', slug: 'demo-shapes' } }],
      handle: async (call, { params }) => {
        const model = await getModel(catalog, params);
        const { slug, name, summary } = model;
        // What a key may run is no matter here: everybody may read what is served.
        const nobody = anonymous(call.actor.ipAddress);
        const served = isCallable(model)
          ? await inference.describe(nobody, slug).catch(asNotServed)
          : undefined;
        const performance = await usage.performance(slug);
        return {
          data: {
            id: slug,
            name,
            created: Math.floor(publishedAt(model).getTime() / 1_000),
            description: summary,
            architecture: architectureOf(model),
            endpoints: served === undefined ? [] : [toEndpoint(model, served, performance)],
          },
        };
      },
    }),
  ];
}

/** Live in the catalog, but its files are not here: nobody runs it. */
function asNotServed(error: unknown): undefined {
  if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined;
  throw error;
}

function toEndpoint(
  model: Model,
  { contextLength, variant }: ServedModel,
  { latencyMs, inputsPerS, successShare, lastDay }: ModelPerformance,
): z.infer<typeof Endpoint> {
  const { slug, name } = model;
  return {
    name: `${PROVIDER} | ${slug}`,
    model_id: slug,
    model_name: name,
    provider_name: PROVIDER,
    tag: PROVIDER,
    status: 0,
    pricing: pricingOf(model),
    context_length: contextLength,
    max_prompt_tokens: null,
    max_completion_tokens: null,
    quantization: variant,
    supported_parameters: [],
    // Images and texts that were run before are free.
    supports_implicit_caching: true,
    supports_tool_choice: { auto: false, function: false, none: false, required: false },
    supports_voice_cloning: false,
    uptime_last_5m: percent(successShare.last5Min),
    uptime_last_30m: percent(successShare.last30Min),
    uptime_last_1d: percent(lastDay.availability),
    latency_last_30m: latencyMs,
    throughput_last_30m: inputsPerS,
  };
}

function percent(share: number | null): number | null {
  return share === null ? null : share * 100;
}
