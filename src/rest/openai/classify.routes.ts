import { z } from 'zod';
import type { ClassifyResult } from '../../inference/index.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import { imageSourceOf } from '../image.js';
import type { MeteredCalls } from '../metered-calls.js';
import type { PaidCalls } from '../paid-calls.js';
import { route, type Route } from '../route.js';
import { Scoring, scoringOf } from '../scoring.js';
import { Usage, usageOf } from '../usage-object.js';
import { openai } from './openai.dialect.js';

const Image = z
  .union([z.string(), z.object({ image: z.string() })])
  .transform((one) => (typeof one === 'string' ? one : one.image))
  .meta({ description: 'Base64, a data: URL, an https: address, or the id of a file' });

export const ClassifyRequest = z.object({
  model: z.string().meta({ description: 'Slug of the model' }),
  input: z
    .union([Image.transform((one) => [one]), z.array(Image).min(1).max(16)], {
      error:
        'Send 1 to 16 images, as texts or as {"image": …}. A text cannot be scored: these models were not ' +
        'trained to tell how well it fits a label.',
    })
    .meta({ description: 'An image, or 1 to 16 of them' }),
  labels: z.array(z.string()).min(1).max(500).optional(),
  label_set: z.string().optional().meta({ description: 'Saved labels, instead of `labels`' }),
  template: z.string().optional().meta({
    description: 'Prompt with {} where the label goes',
    default: 'This is a photo of {}.',
  }),
  scoring: Scoring,
  threshold: z.number().min(0).max(1).optional(),
  top_k: z.int().min(1).optional(),
});

const Answer = z.object({
  id: z.string(),
  object: z.literal('list'),
  created: z.int(),
  model: z.string(),
  data: z.array(
    z.object({
      object: z.literal('classification'),
      index: z.int(),
      label: z.string(),
      prediction: z.string(),
      score: z.number(),
      predictions: z.array(z.object({ label: z.string(), score: z.number() })),
      probs: z.array(z.number()).meta({ description: 'In the order of the labels, all of them' }),
      num_classes: z.int(),
      margin: z.number(),
      none_of_the_above: z.boolean(),
    }),
  ),
  usage: Usage,
});

const EXAMPLES = [
  {
    summary: 'Which of these is it?',
    body: {
      model: 'gigarouter/demo-shapes',
      input: [{ image: EXAMPLE_IMAGE }],
      labels: ['red circle', 'green heart'],
    },
  },
];

/** Our own way to classify, in the shape that Jina and vLLM have for it, and where they have it. */
export function classifyRoutes(calls: MeteredCalls): Route[] {
  return ['/v1/classify', '/classify'].map((url) =>
    route({
      method: 'POST',
      url,
      path: '/v1/classify',
      operationId: 'classify',
      tag: 'Classification',
      summary: 'Scores images against labels that nobody trained the model for',
      dialect: openai,
      scope: 'inference',
      isMetered: true,
      body: ClassifyRequest,
      answer: Answer,
      examples: EXAMPLES,
      handle: (call, { body }) => classify(calls, call, body),
    }),
  );
}

/** @throws AppError as `PaidCalls.classify` */
export async function classify<Caller>(
  calls: PaidCalls<Caller>,
  call: Caller,
  body: z.output<typeof ClassifyRequest>,
): Promise<object> {
  const { model, input, labels, label_set: labelSetId, template } = body;
  const metered = await calls.classify(call, {
    model,
    images: input.map(imageSourceOf),
    labels,
    labelSetId,
    template,
    scoring: body.scoring === 'sigmoid' ? 'SIGMOID' : 'SOFTMAX',
    threshold: body.threshold,
  });
  return {
    id: `classify-${metered.runId}`,
    object: 'list',
    created: Math.floor(Date.now() / 1_000),
    model,
    data: metered.result.images.map((image, index) => ({
      object: 'classification',
      index,
      ...classificationOf(image, body),
    })),
    usage: usageOf(metered),
  };
}

/** The names of Jina and those of vLLM beside each other. @param image with all its labels, best first */
function classificationOf(
  { labels: scored, margin, noneOfTheAbove }: ClassifyResult['images'][number],
  { scoring, top_k: topK }: Pick<z.output<typeof ClassifyRequest>, 'scoring' | 'top_k'>,
) {
  // How many labels a saved set has is known by now only.
  const way = scoringOf('classify', scoring, scored.length);
  const labels = scored.map(({ index, label, probability, share }) => ({
    index,
    label,
    score: way !== 'SOFTMAX' && probability !== null ? probability : share,
  }));
  const [best] = labels;
  const inOrder = labels.toSorted((one, other) => one.index - other.index);
  return {
    label: best?.label,
    prediction: best?.label,
    score: best?.score,
    predictions: labels.slice(0, topK).map(({ label, score }) => ({ label, score })),
    probs: inOrder.map(({ score }) => score),
    num_classes: labels.length,
    margin,
    none_of_the_above: noneOfTheAbove,
  };
}
