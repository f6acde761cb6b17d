import { z } from 'zod';
import type { Call } from '../call.js';
import { EXAMPLE_IMAGE } from '../example-image.js';
import type { MeteredCalls } from '../metered-calls.js';
import { route, type Route } from '../route.js';
import { InferAnswer, Tensor, toBinaryAnswer, toJsonAnswer, wantsBinary } from './infer-answer.js';
import { MODEL_ADDRESSES, MODEL_VERSION, type ModelAddress } from './model-address.js';
import { openInference } from './open-inference.dialect.js';
import { decodeBinary, HEADER_LENGTH, InferRequest, readInputs } from './tensors.js';

const Metadata = z.object({
  name: z.string(),
  versions: z.array(z.string()),
  platform: z.string(),
  inputs: z.array(Tensor),
  outputs: z.array(Tensor),
});

const ConfigTensor = z.object({
  name: z.string(),
  data_type: z.string(),
  dims: z.array(z.int()),
});

const Config = z.object({
  name: z.string(),
  platform: z.string(),
  backend: z.string(),
  max_batch_size: z.literal(0).meta({ description: 'Rows are a dimension of the tensors' }),
  input: z.array(ConfigTensor.extend({ optional: z.literal(true) })),
  output: z.array(ConfigTensor),
});

const PLATFORM = 'onnxruntime_onnx';
const COMMON = { tag: 'Open Inference Protocol', dialect: openInference } as const;

/** `/v2/models/{model}` of the Open Inference Protocol: what a model is, whether it can be run, and running it. */
export function openInferenceModelRoutes(calls: MeteredCalls): Route[] {
  return MODEL_ADDRESSES.flatMap((address) => [
    ...describingRoutes(calls, address),
    inferRoute(calls, address),
  ]);
}

function describingRoutes(
  calls: MeteredCalls,
  { url, path, suffix, params }: ModelAddress,
): Route[] {
  const common = {
    ...COMMON,
    method: 'GET',
    scope: 'public',
    params,
    examples: [{ summary: 'The demo model', params: EXAMPLE_PARAMS }],
  } as const;
  return [
    route({
      ...common,
      url,
      path,
      operationId: `openInferenceModel${suffix}`,
      summary: 'Inputs and outputs of a model',
      answer: Metadata,
      handle: async (call, { params: model }) => {
        const { embeddingSize } = await calls.describe(call, model);
        return {
          name: model,
          versions: [MODEL_VERSION],
          platform: PLATFORM,
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
      url: `${url}/config`,
      path: `${path}/config`,
      operationId: `openInferenceModelConfig${suffix}`,
      summary: 'Inputs and outputs of a model, as a model configuration of Triton',
      answer: Config,
      handle: async (call, { params: model }) => {
        const { embeddingSize } = await calls.describe(call, model);
        return {
          name: model,
          platform: PLATFORM,
          backend: 'onnxruntime',
          max_batch_size: 0,
          input: [
            { name: 'image', data_type: 'TYPE_STRING', dims: [-1], optional: true },
            { name: 'text', data_type: 'TYPE_STRING', dims: [-1], optional: true },
          ],
          output: [{ name: 'embedding', data_type: 'TYPE_FP32', dims: [-1, embeddingSize] }],
        };
      },
    }),
    route({
      ...common,
      url: `${url}/ready`,
      path: `${path}/ready`,
      operationId: `openInferenceModelReady${suffix}`,
      summary: 'Whether a model can be run',
      answer: z.object({ name: z.string(), ready: z.literal(true) }),
      handle: async (call, { params: model }) => {
        await calls.checkReady(call, model);
        return { name: model, ready: true };
      },
    }),
  ];
}

const EXAMPLE_PARAMS = { model: 'gigarouter/demo-shapes', version: MODEL_VERSION };

function inferRoute(calls: MeteredCalls, { url, path, suffix, params }: ModelAddress): Route {
  return route({
    ...COMMON,
    method: 'POST',
    url: `${url}/infer`,
    path: `${path}/infer`,
    operationId: `openInferenceInfer${suffix}`,
    summary: 'Vectors of images and texts, images first',
    description:
      'Each row is charged as one embedding. With `Inference-Header-Content-Length`, inputs may be binary, as in ' +
      'Triton’s extension; without it the body is JSON, whether or not it has a content type. `binary_data_output`, ' +
      'or `binary_data` of the output, asks for a binary answer.',
    scope: 'inference',
    isMetered: true,
    params,
    body: InferRequest,
    fromBytes: (bytes, call) => decodeBinary(bytes, call.header(HEADER_LENGTH)),
    answer: InferAnswer,
    answers: {
      'application/json': InferAnswer,
      'application/octet-stream': z.string().meta({ format: 'binary' }),
    },
    headers: z.object({
      [HEADER_LENGTH]: z.coerce
        .number()
        .int()
        .min(0)
        .optional()
        .meta({ description: 'Bytes of JSON before binary inputs' }),
    }),
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
    handle: (call, { params: model, body }) => infer(calls, call, model, body),
  });
}

async function infer(calls: MeteredCalls, call: Call, model: string, body: InferRequest) {
  const isBinary = wantsBinary(body);
  const { images, texts } = readInputs(body);
  const { result } = await calls.embed(call, {
    model,
    ...(images.length === 0 ? {} : { images }),
    ...(texts.length === 0 ? {} : { texts }),
  });
  const embedded = { model, id: body.id ?? undefined, vectors: result.vectors };
  if (!isBinary) return toJsonAnswer(embedded);
  const { body: bytes, headers } = toBinaryAnswer(embedded);
  for (const [name, value] of Object.entries(headers)) call.setHeader(name, value);
  return bytes;
}
