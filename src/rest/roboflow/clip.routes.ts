import { z } from 'zod';
import type { CatalogService } from '../../catalog/index.js';
import type { Call } from '../call.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { onlyLiveModel } from '../only-live-model.js';
import { route, type Route } from '../route.js';
import { cosine, type Embeddable, embedInOrder } from '../vectors.js';
import {
  CompareRequest,
  embeddableOf,
  EmbedImageRequest,
  EmbedTextRequest,
  ModelChoice,
} from './clip.request.js';
import { roboflow } from './roboflow.dialect.js';

const time = z.number().meta({ description: 'Seconds' });
const Similarities = z.object({
  similarity: z.union([z.array(z.number()), z.record(z.string(), z.number())]),
  time,
});
const Embeddings = z.object({ embeddings: z.array(z.array(z.number())), time });

const IMAGE = { type: 'base64', value: EXAMPLE_IMAGE };

/**
 * `/clip/*` of Roboflow's inference server, with a SigLIP in the place of CLIP: its cosines are smaller than
 * CLIP's, and their order means the same.
 */
export function roboflowRoutes(
  calls: MeteredCalls,
  catalog: Pick<CatalogService, 'listModels'>,
): Route[] {
  const common = {
    method: 'POST',
    tag: 'Roboflow',
    dialect: roboflow,
    scope: 'inference',
    isMetered: true,
    query: ModelChoice,
  } as const;
  const embed = async (
    call: Call,
    { query, body }: { query: ModelChoice; body: ModelChoice },
    inputs: readonly Embeddable[],
  ) => {
    const startedAt = performance.now();
    const model = body.model ?? query.model ?? (await onlyLiveModel(catalog));
    const { result } = await embedInOrder(calls, call, { model, inputs });
    return { embeddings: result.vectors, time: (performance.now() - startedAt) / 1_000 };
  };
  return [
    route({
      ...common,
      url: '/clip/compare',
      operationId: 'roboflowCompare',
      summary: 'How alike a subject and prompts are, images or texts, as cosines',
      body: CompareRequest,
      answer: Similarities,
      examples: [
        {
          summary: 'An image and named texts',
          body: { subject: IMAGE, prompt: { red: 'red circle', green: 'green heart' } },
        },
      ],
      handle: async (call, given) => {
        const { subject, subject_type: kind, prompt, prompt_type: promptKind } = given.body;
        const prompts = Object.values(prompt);
        const { embeddings, time } = await embed(call, given, [
          embeddableOf('subject', kind, subject),
          ...prompts.map((one) => embeddableOf('prompt', promptKind, one)),
        ]);
        const [vector = [], ...others] = embeddings;
        const cosines = others.map((other) => cosine(vector, other));
        const names = Object.keys(prompt).map((name, at) => [name, cosines[at]] as const);
        return { similarity: Array.isArray(prompt) ? cosines : Object.fromEntries(names), time };
      },
    }),
    route({
      ...common,
      url: '/clip/embed_image',
      operationId: 'roboflowEmbedImage',
      summary: 'Vectors of images',
      body: EmbedImageRequest,
      answer: Embeddings,
      examples: [{ summary: 'One image', body: { image: IMAGE } }],
      handle: (call, given) => {
        const images = [given.body.image].flat();
        return embed(
          call,
          given,
          images.map((one) => embeddableOf('image', 'image', one)),
        );
      },
    }),
    route({
      ...common,
      url: '/clip/embed_text',
      operationId: 'roboflowEmbedText',
      summary: 'Vectors of texts',
      body: EmbedTextRequest,
      answer: Embeddings,
      examples: [{ summary: 'Two texts', body: { text: ['red circle', 'green heart'] } }],
      handle: (call, given) => {
        const texts = [given.body.text].flat();
        return embed(
          call,
          given,
          texts.map((text) => ({ text })),
        );
      },
    }),
  ];
}
