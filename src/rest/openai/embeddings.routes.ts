import { z } from 'zod';
import { EXAMPLE_IMAGE } from '../example-image.js';
import type { MeteredCalls } from '../metered-calls.js';
import type { PaidCalls } from '../paid-calls.js';
import { route, type Route } from '../route.js';
import { Usage, usageOf } from '../usage-object.js';
import { embedInOrder } from '../vectors.js';
import { EmbeddingFields, readEmbeddingInput } from './embedding-input.js';
import { OPENAI, OPENROUTER, type Place } from './places.js';

export const EmbeddingRequest = EmbeddingFields.extend({
  model: z.string().meta({ description: 'Slug of the model' }),
  encoding_format: z
    .enum(['float', 'base64'])
    .nullish()
    .meta({ description: 'base64: the numbers as 32-bit floats, little-endian', default: 'float' }),
  dimensions: z
    .int()
    .min(1)
    .nullish()
    .meta({ description: 'Cuts vectors to so many numbers, and brings them back to length 1' }),
});

const Answer = z.object({
  id: z.string(),
  object: z.literal('list'),
  data: z.array(
    z.object({
      object: z.literal('embedding'),
      index: z.int(),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.string(),
  usage: Usage,
});

const DESCRIPTION = `Texts and images lie in one space, so that one can be searched by the other. A request has 1 to
2,048 texts and up to 64 images, mixed as you like, and is one metered call. A vector is that of one text or of one image.

Read are OpenAI's \`input\`; OpenRouter's \`{content: [part]}\`; Jina's \`{text}\` and \`{image}\`; the \`messages\` of vLLM;
infinity's \`modality: "image"\`; NVIDIA's data: URLs among texts; and Cohere's base64, where \`input_type: "image"\` says
so, or its first bytes are those of a PNG, JPEG, GIF or WebP file. Any other string is a text, an address too. \`user\`
does nothing.`;

const EXAMPLES = [
  {
    summary: 'Two texts, as short vectors in base64',
    body: {
      model: 'gigarouter/demo-shapes',
      input: ['a red circle', 'a green heart'],
      encoding_format: 'base64',
      dimensions: 64,
    },
  },
  {
    summary: 'A text and an image',
    body: { model: 'gigarouter/demo-shapes', input: ['a red circle', { image: EXAMPLE_IMAGE }] },
  },
];

/** OpenAI's embeddings, which take images too. infinity has them without `/v1`. */
export function embeddingsRoutes(calls: MeteredCalls): Route[] {
  const own = embeddingsRoute(calls, OPENAI);
  return [own, { ...own, url: '/embeddings', path: own.url }, embeddingsRoute(calls, OPENROUTER)];
}

function embeddingsRoute(calls: MeteredCalls, place: Place): Route {
  return route({
    method: 'POST',
    url: `${place.prefix}/embeddings`,
    operationId: place.operationId('CreateEmbedding'),
    tag: 'Embeddings',
    summary: 'Vectors of texts and images, in one space',
    description: DESCRIPTION,
    dialect: place.dialect,
    scope: 'inference',
    isMetered: true,
    body: EmbeddingRequest,
    answer: Answer,
    examples: EXAMPLES,
    handle: (call, { body }) => createEmbeddings(calls, call, body),
  });
}

/** @throws AppError BAD_USER_INPUT, and as `PaidCalls.embed` */
export async function createEmbeddings<Caller>(
  calls: PaidCalls<Caller>,
  call: Caller,
  body: z.output<typeof EmbeddingRequest>,
): Promise<object> {
  const { model, encoding_format: format, dimensions } = body;
  const inputs = readEmbeddingInput(body);
  const metered = await embedInOrder(calls, call, {
    model,
    inputs,
    dimensions: dimensions ?? undefined,
  });
  return {
    id: `embd-${metered.runId}`,
    object: 'list',
    data: metered.result.vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: format === 'base64' ? toBase64(vector) : vector,
    })),
    model,
    usage: usageOf(metered),
  };
}

/** OpenAI's clients decode it as 32-bit floats, little-endian, on every machine. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [at, value] of vector.entries()) bytes.writeFloatLE(value, at * 4);
  return bytes.toString('base64');
}
