import { z } from 'zod';
import type { CatalogService } from '../../catalog/index.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import { imageSourceOf } from '../image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { onlyLiveModel } from '../only-live-model.js';
import { route, type Route } from '../route.js';
import { scoringOf } from '../scoring.js';
import { Usage, usageOf } from '../usage-object.js';
import {
  FLAGGED_AT,
  IMAGE_CATEGORIES,
  MODERATION_LABELS,
  moderationOf,
  TEXT_CATEGORIES,
} from './moderation-categories.js';
import { openai } from './openai.dialect.js';
import { ImagePart } from './parts.js';

const ANY_MODEL = 'omni-moderation-latest';

const error = 'Only images are moderated: send a list of parts {"type": "image_url"}, and no text.';

/** Says for each of them why it is refused. */
const Image = z.object({ ...ImagePart.shape, type: z.literal('image_url', { error }) }, { error });

const Request = z.object({
  model: z
    .string()
    .nullish()
    .meta({ description: `Slug of the model; left out, or "${ANY_MODEL}": the one that is live` }),
  input: z.array(Image, { error }).min(1).max(16),
});

function byCategory<Value extends z.ZodType>(value: Value) {
  const names = [...Object.keys(IMAGE_CATEGORIES), ...TEXT_CATEGORIES];
  return z.object(Object.fromEntries(names.map((name) => [name, value])));
}

const Answer = z.object({
  id: z.string(),
  model: z.string(),
  results: z.array(
    z.object({
      flagged: z.boolean(),
      categories: byCategory(z.boolean()),
      category_scores: byCategory(z.number()),
      category_applied_input_types: byCategory(z.array(z.literal('image'))),
    }),
  ),
  usage: Usage,
});

const DESCRIPTION = `How likely an image shows what OpenAI's image categories are about: the probability of the likeliest
of a category's labels, each in "This is a photo of {}.", flagged from ${String(FLAGGED_AT)} on. This is zero-shot
classification, and no model that was trained for moderation: try it on your own images, and set a threshold of your own
on the scores.

${Object.entries(IMAGE_CATEGORIES)
  .map(([category, labels]) => `- \`${category}\`: ${labels.join('; ')}`)
  .join('\n')}

The other categories are about texts: they are false and 0, with no applied input type. A text is refused, as it would
not be judged. There is one result an image, in order.`;

/** OpenAI's moderation, of images. */
export function moderationsRoutes(
  calls: MeteredCalls,
  catalog: Pick<CatalogService, 'listModels'>,
): Route[] {
  return [
    route({
      method: 'POST',
      url: '/v1/moderations',
      operationId: 'createModeration',
      tag: 'Classification',
      summary: 'Scores images by OpenAI’s moderation categories',
      description: DESCRIPTION,
      dialect: openai,
      scope: 'inference',
      isMetered: true,
      body: Request,
      answer: Answer,
      examples: [
        {
          summary: 'An image',
          body: {
            model: 'gigarouter/demo-shapes',
            input: [{ type: 'image_url', image_url: { url: EXAMPLE_IMAGE } }],
          },
        },
      ],
      handle: async (call, { body }) => {
        const named = body.model ?? ANY_MODEL;
        const model = named === ANY_MODEL ? await onlyLiveModel(catalog) : named;
        const metered = await calls.classify(call, {
          model,
          images: body.input.map(({ image_url: address }) => imageSourceOf(address)),
          labels: MODERATION_LABELS,
          scoring: scoringOf('moderations', undefined, MODERATION_LABELS.length),
        });
        return {
          id: `modr-${metered.runId}`,
          model,
          results: metered.result.images.map(moderationOf),
          usage: usageOf(metered),
        };
      },
    }),
  ];
}
