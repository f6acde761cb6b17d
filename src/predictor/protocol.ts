/**
 * The Open Inference Protocol v2 over HTTP with its binary tensor extension, as KServe, Triton and
 * OpenVINO Model Server speak it: a JSON header of the stated length, then the tensors' bytes in order.
 * https://github.com/kserve/open-inference-protocol and Triton's extension_binary_data.md
 */
import { z } from 'zod';
import { AppError } from '../errors.js';
import {
  arrayOf,
  bytesOf,
  DATATYPES,
  elementBytes,
  type Tensor,
  tensorTypeOf,
  type TensorType,
} from './tensor.js';

/** Length of the JSON in bytes; without it the whole body is JSON. */
export const HEADER_LENGTH = 'inference-header-content-length';

const parameters = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({});
const size = z
  .int()
  .min(0)
  .max(2 ** 31);

const tensorSchema = z.object({
  name: z.string(),
  shape: z.array(size).min(1).max(8),
  datatype: z.string(),
  parameters,
  data: z.array(z.unknown()).optional(),
});
type DescribedTensor = z.output<typeof tensorSchema>;

const requestSchema = z.object({
  id: z.string().max(200).optional(),
  parameters,
  inputs: z.array(tensorSchema).min(1).max(16),
  outputs: z.array(z.object({ name: z.string(), parameters })).optional(),
});

const responseSchema = z.object({ outputs: z.array(tensorSchema) });

export type Tensors = Readonly<Record<string, Tensor>>;

export interface InferRequest {
  readonly id: string | undefined;
  readonly inputs: Tensors;
  /** Names that were asked for; undefined: all. */
  readonly outputs: readonly string[] | undefined;
  readonly binaryOutput: boolean;
  /** How long the caller waits; undefined: as long as it takes. */
  readonly timeoutMs: number | undefined;
}

export interface Message {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A request with one input, binary in both directions. */
export function encodeRequest(name: string, tensor: Tensor, timeoutMs: number): Message {
  // Triton counts the timeout in microseconds.
  const asked = { binary_data_output: true, timeout: Math.ceil(timeoutMs * 1000) };
  return encode({ parameters: asked, inputs: [describeTensor(name, tensor)] }, [tensor]);
}

/** @throws AppError BAD_REQUEST that names what is wrong with it */
export function decodeRequest(body: Buffer, headerLength: string | undefined): InferRequest {
  const { header, rest } = split(body, headerLength);
  const { id, inputs, outputs, parameters: asked } = parse(requestSchema, header);
  const { timeout, binary_data_output: binaryOutput } = asked;
  return {
    id,
    inputs: decodeTensors(inputs, rest),
    outputs: outputs?.map(({ name }) => name),
    binaryOutput: (outputs?.[0]?.parameters.binary_data ?? binaryOutput) === true,
    timeoutMs: typeof timeout === 'number' && timeout > 0 ? timeout / 1000 : undefined,
  };
}

/** The answer to a request, in the form that it asked for. */
export function encodeResponse(
  model: string,
  { id, binaryOutput }: Pick<InferRequest, 'id' | 'binaryOutput'>,
  outputs: Tensors,
): Message {
  const head = { model_name: model, model_version: '1', ...(id === undefined ? {} : { id }) };
  const entries = Object.entries(outputs);
  if (binaryOutput) {
    const described = entries.map(([name, tensor]) => describeTensor(name, tensor));
    return encode({ ...head, outputs: described }, Object.values(outputs));
  }
  const listed = entries.map(([name, { type, shape, data }]) => ({
    name,
    datatype: DATATYPES[type],
    shape,
    data: Array.from<number | bigint, number>(data, Number),
  }));
  const body = Buffer.from(JSON.stringify({ ...head, outputs: listed }));
  return { body, headers: { 'content-type': 'application/json' } };
}

/** @throws AppError BAD_REQUEST when it is no answer of this protocol */
export function decodeResponse(body: Buffer, headerLength: string | undefined): Tensors {
  const { header, rest } = split(body, headerLength);
  return decodeTensors(parse(responseSchema, header).outputs, rest);
}

function describeTensor(name: string, { type, shape, data }: Tensor) {
  const binary = { binary_data_size: data.byteLength };
  return { name, datatype: DATATYPES[type], shape, parameters: binary };
}

function encode(header: object, tensors: readonly Tensor[]): Message {
  const json = Buffer.from(JSON.stringify(header));
  return {
    body: Buffer.concat([json, ...tensors.map(bytesOf)]),
    headers: { 'content-type': 'application/octet-stream', [HEADER_LENGTH]: String(json.length) },
  };
}

function split(body: Buffer, headerLength: string | undefined): { header: Buffer; rest: Buffer } {
  if (headerLength === undefined) return { header: body, rest: Buffer.alloc(0) };
  const length = /^\d{1,9}$/.test(headerLength) ? Number(headerLength) : NaN;
  if (!(length <= body.length)) {
    throw bad(`${HEADER_LENGTH} does not fit a body of ${String(body.length)} bytes.`);
  }
  return { header: body.subarray(0, length), rest: body.subarray(length) };
}

function parse<T>(schema: z.ZodType<T>, json: Buffer): T {
  let value: unknown;
  try {
    value = JSON.parse(json.toString('utf8'));
  } catch (cause) {
    throw bad('The header is not JSON.', cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw bad(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
}

function decodeTensors(described: readonly DescribedTensor[], rest: Buffer): Tensors {
  const tensors = new Map<string, Tensor>();
  let at = 0;
  for (const one of described) {
    const { name, shape } = one;
    if (tensors.has(name)) throw bad(`${name} occurs twice.`);
    const type = tensorTypeOf(one.datatype);
    if (type === undefined) {
      throw bad(`${name}: its datatype is none of ${Object.values(DATATYPES).join(', ')}.`);
    }
    const elements = shape.reduce((product, of) => product * of, 1);
    const bytes = elements * elementBytes(type);
    const binarySize = one.parameters.binary_data_size;
    if (binarySize === undefined) {
      tensors.set(name, { type, shape, data: listedValues(name, type, one.data ?? [], elements) });
      continue;
    }
    if (binarySize !== bytes) {
      throw bad(`${name}: ${String(binarySize)} bytes do not fit the shape [${shape.join(', ')}].`);
    }
    if (at + bytes > rest.length) throw bad(`${name}: the body ends before its data.`);
    tensors.set(name, { type, shape, data: arrayOf(type, rest.subarray(at, at + bytes)) });
    at += bytes;
  }
  if (at !== rest.length) throw bad('The body continues after its tensors.');
  return Object.fromEntries(tensors);
}

/** Values that are given as JSON, flat or nested by rows. */
function listedValues(
  name: string,
  type: TensorType,
  data: readonly unknown[],
  elements: number,
): Tensor['data'] {
  const values = data.flat(8);
  if (values.length !== elements) {
    throw bad(`${name}: ${String(values.length)} values do not fit its shape.`);
  }
  const fits = {
    uint8: (value: number) => Number.isInteger(value) && value >= 0 && value <= 255,
    int64: Number.isSafeInteger,
    float32: Number.isFinite,
  }[type];
  const numbers = values.map((value) => {
    if (typeof value !== 'number' || !fits(value))
      throw bad(`${name}: a value is not a valid ${type}.`);
    return value;
  });
  if (type === 'uint8') return Uint8Array.from(numbers);
  return type === 'int64' ? BigInt64Array.from(numbers, BigInt) : Float32Array.from(numbers);
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError('BAD_REQUEST', message, { cause });
}
