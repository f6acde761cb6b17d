import { z } from 'zod';
import type { CatalogService } from '../../catalog/index.js';
import { resolveScoring } from '../../inference/index.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { onlyLiveModel } from '../only-live-model.js';
import { route, type Route } from '../route.js';
import { Scoring, scoringOf } from '../scoring.js';
import { cosine, type Embeddable, embedInOrder } from '../vectors.js';
import { bentoml } from './bentoml.dialect.js';

const Item = z
  .union([
    z.object({ img_uri: z.string() }),
    z.object({ img_blob: z.string() }),
    z.object({ text: z.string() }),
  ])
  .transform((item): Embeddable => {
    if ('img_uri' in item) return { image: { url: item.img_uri } };
    return 'img_blob' in item ? { image: { base64: item.img_blob } } : item;
  })
  .meta({ description: 'The address of an image, an image in base64, or a text' });

const Model = z.object({
  model: z
    .string()
    .optional()
    .meta({ description: 'Slug; by default the only model that is live' }),
});

const Request = Model.extend({
  queries: z.array(Item).min(1),
  candidates: z.array(Item).min(1),
  scoring: Scoring,
});

const Rows = z.array(z.array(z.number())).meta({ description: 'A row for each query' });
const Answer = z.object({ probabilities: Rows, cosine_similarities: Rows });

const BLOB = EXAMPLE_IMAGE.slice(EXAMPLE_IMAGE.indexOf(',') + 1);

/** `/rank` of BentoML's CLIP API service. */
export function bentomlRoutes(
  calls: MeteredCalls,
  catalog: Pick<CatalogService, 'listModels'>,
): Route[] {
  return [
    route({
      method: 'POST',
      url: '/rank',
      operationId: 'bentomlRank',
      tag: 'BentoML',
      summary: 'Ranks candidates for each query, images or texts',
      description: 'At most 64 images and 2,048 texts, queries and candidates together.',
      dialect: bentoml,
      scope: 'inference',
      isMetered: true,
      query: Model,
      body: Request,
      answer: Answer,
      examples: [
        {
          summary: 'Which text describes the image?',
          body: {
            queries: [{ img_blob: BLOB }],
            candidates: [{ text: 'a red circle' }, { text: 'a green heart' }],
          },
        },
      ],
      handle: async (call, { query, body }) => {
        const { queries, candidates } = body;
        const model = body.model ?? query.model ?? (await onlyLiveModel(catalog));
        const { logitScale, logitBias, loss } = await calls.describe(call, model);
        const asked = scoringOf('bentoml', body.scoring, candidates.length);
        const scoring = resolveScoring(loss, { scoring: asked });
        const { result } = await embedInOrder(calls, call, {
          model,
          inputs: [...queries, ...candidates],
        });
        const rows = result.vectors.slice(0, queries.length);
        const columns = result.vectors.slice(queries.length);
        const cosines = rows.map((row) => columns.map((column) => cosine(row, column)));
        return {
          probabilities: cosines.map((row) =>
            scoring === 'SIGMOID'
              ? row.map((value) => 1 / (1 + Math.exp(-(logitScale * value + logitBias))))
              : softmax(row.map((value) => logitScale * value)),
          ),
          cosine_similarities: cosines,
        };
      },
    }),
  ];
}

/** Less the largest, which changes nothing but that no power overflows. */
function softmax(logits: readonly number[]): number[] {
  const most = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
