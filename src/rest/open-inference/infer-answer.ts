import { z } from 'zod';
import { AppError } from '../../errors.js';
import { MODEL_VERSION } from './model-address.js';
import { HEADER_LENGTH, type InferRequest } from './tensors.js';

export const Tensor = z.object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()) });

export const InferAnswer = z.object({
  model_name: z.string(),
  model_version: z.string(),
  id: z.string().optional(),
  outputs: z.array(
    Tensor.extend({
      data: z.array(z.number()).optional(),
      parameters: z.object({ binary_data_size: z.int() }).optional(),
    }),
  ),
});

/** Parameters of an output that Triton knows and that are impossible here. */
const IMPOSSIBLE = ['classification', 'shared_memory_region'];

/**
 * Whether the output is sent as bytes after the JSON: what the output says itself, or what the request says of all
 * (Triton's extension_binary_data.md).
 * @throws AppError BAD_USER_INPUT for an output in shared memory, or as classes
 */
export function wantsBinary({ outputs = [], parameters }: InferRequest): boolean {
  const own = outputs[0]?.parameters ?? {};
  const impossible = IMPOSSIBLE.find((name) => name in own);
  if (impossible !== undefined) {
    throw new AppError('BAD_USER_INPUT', `output 'embedding' cannot be sent as "${impossible}"`);
  }
  return (own.binary_data ?? parameters?.binary_data_output) === true;
}

interface Embedded {
  readonly model: string;
  readonly id: string | undefined;
  readonly vectors: readonly (readonly number[])[];
}

/** An answer in JSON. */
export function toJsonAnswer(embedded: Embedded): z.infer<typeof InferAnswer> {
  return describe(embedded, { data: embedded.vectors.flat() });
}

/** An answer whose numbers are 32-bit floats, little-endian, after the JSON, with the headers that say so. */
export function toBinaryAnswer(embedded: Embedded): {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
} {
  const values = embedded.vectors.flat();
  const data = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) data.writeFloatLE(value, at * 4);
  const parameters = { binary_data_size: data.length };
  const json = Buffer.from(JSON.stringify(describe(embedded, { parameters })));
  return {
    body: Buffer.concat([json, data]),
    headers: {
      'content-type': 'application/octet-stream',
      [HEADER_LENGTH]: String(json.length),
    },
  };
}

function describe({ model, id, vectors }: Embedded, content: object) {
  const shape = [vectors.length, vectors[0]?.length ?? 0];
  return {
    model_name: model,
    model_version: MODEL_VERSION,
    ...(id === undefined ? {} : { id }),
    outputs: [{ name: 'embedding', datatype: 'FP32', shape, ...content }],
  };
}
