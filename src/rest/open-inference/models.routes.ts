import { z } from 'zod';
import { EXAMPLE_IMAGE } from '../example-image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { route, type Route } from '../route.js';
import { openInference } from './open-inference.dialect.js';
import { decodeBinary, HEADER_LENGTH, InferRequest, readInputs } from './tensors.js';

const Tensor = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) });

const Metadata = z.object({
  name: z.string(),
  versions: z.array(z.string()),
  platform: z.string(),
  inputs: z.array(Tensor),
  outputs: z.array(Tensor),
});

const InferAnswer = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional(),
  outputs: z.array(Tensor.extend({ data: z.array(z.number()) })),
});

/** The slash of a name comes as %2F or as it is; both are served, the first is described. */
const NAMES = [
  {
    url: '/v2/models/:model',
    suffix: '',
    params: z.object({ model: z.string() }).transform(({ model }) => model),
  },
  {
    url: '/v2/models/:owner/:name',
    suffix: 'ByOwner',
    params: z
      .object({ owner: z.string(), name: z.string() })
      .transform(({ owner, name }) => `${owner}/${name}`),
  },
];

const EXAMPLE_PARAMS = { model: 'gigarouter/demo-shapes' };

/** `/v2/models/{model}` of the Open Inference Protocol: what a model is, whether it can be run, and running it. */
export function openInferenceModelRoutes(calls: MeteredCalls): Route[] {
  const common = { tag: 'Open Inference Protocol', dialect: openInference } as const;
  return NAMES.flatMap(({ url, suffix, params }) => [
    route({
      ...common,
      method: 'GET',
      url,
      path: '/v2/models/{model}',
      operationId: `openInferenceModel${suffix}`,
      summary: 'Inputs and outputs of a model',
      scope: 'public',
      params,
      answer: Metadata,
      examples: [{ summary: 'The demo model', params: EXAMPLE_PARAMS }],
      handle: async (call, { params: model }) => {
        const { embeddingSize } = await calls.describe(call, model);
        return {
          name: model,
          versions: ['1'],
          platform: 'onnxruntime_onnx',
          inputs: [
            { name: 'image', datatype: 'BYTES', shape: [-1] },
            { name: 'text', datatype: 'BYTES', shape: [-1] },
          ],
          outputs: [{ name: 'embedding', datatype: 'FP32', shape: [-1, embeddingSize] }],
        };
      },
    }),
    route({
      ...common,
      method: 'GET',
      url: `${url}/ready`,
      path: '/v2/models/{model}/ready',
      operationId: `openInferenceModelReady${suffix}`,
      summary: 'Whether a model can be run',
      scope: 'public',
      params,
      answer: z.object({ name: z.string(), ready: z.literal(true) }),
      examples: [{ summary: 'The demo model', params: EXAMPLE_PARAMS }],
      handle: async (call, { params: model }) => {
        await calls.checkReady(call, model);
        return { name: model, ready: true };
      },
    }),
    route({
      ...common,
      method: 'POST',
      url: `${url}/infer`,
      path: '/v2/models/{model}/infer',
      operationId: `openInferenceInfer${suffix}`,
      summary: 'Vectors of images and texts, images first',
      description:
        'Each row is charged as one embedding. With `Inference-Header-Content-Length`, inputs may be ' +
        'binary, as in Triton’s extension; the answer is JSON.',
      scope: 'inference',
      params,
      body: InferRequest,
      fromBytes: (bytes, call) => decodeBinary(bytes, call.header(HEADER_LENGTH)),
      answer: InferAnswer,
      examples: [
        {
          summary: 'An image and a text',
          params: EXAMPLE_PARAMS,
          body: {
            inputs: [
              { name: 'image', shape: [1], datatype: 'BYTES', data: [EXAMPLE_IMAGE] },
              { name: 'text', shape: [1], datatype: 'BYTES', data: ['a red circle'] },
            ],
          },
        },
      ],
      handle: async (call, { params: model, body }) => {
        const { images, texts } = readInputs(body);
        const { result } = await calls.embed(call, {
          model,
          ...(images.length === 0 ? {} : { images }),
          ...(texts.length === 0 ? {} : { texts }),
        });
        const { vectors } = result;
        const shape = [vectors.length, vectors[0]?.length ?? 0];
        return {
          model_name: model,
          model_version: '1',
          ...(body.id === undefined ? {} : { id: body.id }),
          outputs: [{ name: 'embedding', datatype: 'FP32', shape, data: vectors.flat() }],
        };
      },
    }),
  ]);
}
