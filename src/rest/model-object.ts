import { z } from 'zod';
import {
  isCallable,
  type Model,
  MODEL_STATUSES,
  type ModelTask,
  type PriceUnit,
} from '../catalog/index.js';
import { toUsd, toUsdNumber } from './money.js';

/** Who runs the models, where a dialect has several that do. */
export const PROVIDER = 'gigarouter';

/** What goes in and comes out, by task. Labels are chosen by the caller: they go in, and come back as text. */
export const MODALITIES: Readonly<
  Record<ModelTask, { readonly inputs: readonly string[]; readonly outputs: readonly string[] }>
> = {
  ZERO_SHOT_IMAGE_CLASSIFICATION: { inputs: ['image', 'text'], outputs: ['text', 'embeddings'] },
  IMAGE_CLASSIFICATION: { inputs: ['image'], outputs: ['text'] },
  IMAGE_FEATURE_EXTRACTION: { inputs: ['image'], outputs: ['embeddings'] },
  FEATURE_EXTRACTION: { inputs: ['text'], outputs: ['embeddings'] },
};

export const Architecture = z.object({
  modality: z.string().meta({ description: 'As "image+text->text+embeddings"' }),
  input_modalities: z.array(z.string()),
  output_modalities: z.array(z.string()),
  tokenizer: z.string(),
  instruct_type: z.null(),
});

export const Pricing = z.object({
  prompt: z.string(),
  completion: z.string(),
  request: z.string(),
  image: z.string().optional().meta({ description: 'US dollars for one image' }),
});

/** What lists of models hold: all that clients of OpenAI, of Hugging Face's router and of OpenRouter look for. */
export const ModelObject = z.object({
  id: z.string().meta({ description: 'What to call it by' }),
  object: z.literal('model'),
  created: z.int().meta({ description: 'Seconds since 1970, when it was published' }),
  owned_by: z.string(),
  canonical_slug: z.string(),
  name: z.string(),
  description: z.string(),
  context_length: z.null(),
  architecture: Architecture,
  pricing: Pricing,
  top_provider: z.object({
    context_length: z.null(),
    max_completion_tokens: z.null(),
    is_moderated: z.boolean(),
  }),
  per_request_limits: z.null(),
  supported_parameters: z.array(z.string()),
  default_parameters: z.null(),
  supported_voices: z.null(),
  links: z.object({ details: z.string() }),
  providers: z
    .array(
      z.object({
        provider: z.string(),
        status: z.literal('live'),
        context_length: z.null(),
        pricing: z.object({ input: z.number(), output: z.number(), image: z.number().optional() }),
        supports_tools: z.boolean(),
        supports_structured_output: z.boolean(),
      }),
    )
    .meta({ description: 'Empty while it cannot be called' }),
  gigarouter: z.object({
    status: z.enum(MODEL_STATUSES),
    task: z.string().meta({ description: 'As the Hugging Face Hub writes it' }),
    prices: z
      .array(z.object({ unit: z.string(), nanos_per_unit: z.string() }))
      .meta({ description: 'Exact, in nano-USD: what is charged for each unit that runs' }),
    license: z.string().nullable(),
    parameters: z.int().nullable(),
    image_size_px: z.int().nullable(),
  }),
});
export type ModelObject = z.infer<typeof ModelObject>;

/** @param model with its prices */
export function toModelObject(model: Model): ModelObject {
  const { slug, owner, status, prices = [] } = model;
  const pricing = pricingOf(model);
  const image = nanosOf(model, 'IMAGE');
  return {
    id: slug,
    object: 'model',
    created: Math.floor(publishedAt(model).getTime() / 1_000),
    owned_by: owner,
    canonical_slug: slug,
    name: model.name,
    description: model.summary,
    context_length: null,
    architecture: architectureOf(model),
    pricing,
    top_provider: { context_length: null, max_completion_tokens: null, is_moderated: false },
    per_request_limits: null,
    supported_parameters: [],
    default_parameters: null,
    supported_voices: null,
    links: { details: `/api/v1/models/${slug}/endpoints` },
    providers: isCallable(model)
      ? [
          {
            provider: PROVIDER,
            status: 'live',
            context_length: null,
            pricing: {
              input: 0,
              output: 0,
              ...(image === undefined ? {} : { image: toUsdNumber(image) }),
            },
            supports_tools: false,
            supports_structured_output: false,
          },
        ]
      : [],
    gigarouter: {
      status,
      task: hubTask(model.task),
      prices: prices.map(({ unit, nanosPerUnit }) => ({
        unit,
        nanos_per_unit: String(nanosPerUnit),
      })),
      license: model.license,
      parameters: model.parameters,
      image_size_px: model.imageSizePx,
    },
  };
}

export function architectureOf({ task }: Pick<Model, 'task'>): z.infer<typeof Architecture> {
  const { inputs, outputs } = MODALITIES[task];
  return {
    modality: `${inputs.join('+')}->${outputs.join('+')}`,
    input_modalities: [...inputs],
    output_modalities: [...outputs],
    tokenizer: 'Other',
    instruct_type: null,
  };
}

/** US dollars. Tokens and requests cost nothing as such: what is paid for are images, labels and vectors. */
export function pricingOf(model: Pick<Model, 'prices'>): z.infer<typeof Pricing> {
  const image = nanosOf(model, 'IMAGE');
  const free = { prompt: '0', completion: '0', request: '0' };
  return image === undefined ? free : { ...free, image: toUsd(image) };
}

/** "zero-shot-image-classification" */
export function hubTask(task: ModelTask): string {
  return task.toLowerCase().replaceAll('_', '-');
}

/** Where nobody knows, when its entry in the catalog was last changed. */
export function publishedAt({ publishedOn, statusChangedAt }: Model): Date {
  return publishedOn === null ? statusChangedAt : new Date(publishedOn);
}

function nanosOf({ prices = [] }: Pick<Model, 'prices'>, unit: PriceUnit): bigint | undefined {
  return prices.find((price) => price.unit === unit)?.nanosPerUnit;
}
