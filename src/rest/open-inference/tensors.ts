import { z } from 'zod';
import { AppError } from '../../errors.js';
import type { ImageSource } from '../../inference/index.js';
import { imageSourceOf } from '../image.js';

/** Length in bytes of the JSON before the tensors' bytes (Triton's extension_binary_data.md). */
export const HEADER_LENGTH = 'inference-header-content-length';

const Parameters = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .nullish()
  .transform((given) => given ?? undefined);

export const InferRequest = z.object({
  id: z.string().max(200).nullish(),
  parameters: Parameters,
  inputs: z
    .array(
      z.object({
        name: z.enum(['image', 'text']),
        shape: z.array(z.int().min(0)).min(1).max(8),
        datatype: z.literal('BYTES'),
        parameters: Parameters,
        data: z.array(z.unknown()).meta({ description: 'Texts, flat or nested by rows' }),
      }),
    )
    .min(1)
    .max(2)
    .meta({
      description:
        '"image": files in base64, data: URLs, https: addresses or ids of files, 64 at most; "text": 2,048 at most',
    }),
  outputs: z
    .array(z.object({ name: z.literal('embedding'), parameters: Parameters }))
    .max(1)
    .optional()
    .meta({ description: 'By default all of them, which is this one' }),
});
export type InferRequest = z.output<typeof InferRequest>;

/** What a request asks to embed. @throws AppError BAD_USER_INPUT that names the input */
export function readInputs({ inputs }: InferRequest): {
  readonly images: readonly ImageSource[];
  readonly texts: readonly string[];
} {
  const [first, second] = inputs;
  if (first?.name === second?.name) throw bad(`the input '${first?.name ?? ''}' is there twice`);
  const elements = { image: [] as string[], text: [] as string[] };
  for (const { name, shape, data } of inputs) {
    const values = data.flat(8);
    const count = shape.reduce((product, size) => product * size, 1);
    if (values.length !== count) {
      throw bad(
        `input '${name}' has ${String(values.length)} elements; its shape says ${String(count)}`,
      );
    }
    elements[name] = values.map((value) => {
      if (typeof value === 'string') return value;
      throw bad(`input '${name}': elements of BYTES are texts in JSON`);
    });
  }
  if (elements.image.length + elements.text.length === 0) throw bad('there is nothing to embed');
  return { images: elements.image.map(imageSourceOf), texts: elements.text };
}

/**
 * A request as the JSON that it stands for: of binary tensors, images in base64, and texts as they are.
 * @param headerLength value of HEADER_LENGTH; undefined: all of the body is JSON
 * @throws AppError BAD_USER_INPUT for a body that is not what its lengths say
 */
export function decodeBinary(body: Buffer, headerLength: string | undefined): object {
  if (headerLength === undefined) return parseObject(body, 'body');
  const length = Number(headerLength);
  if (!(Number.isInteger(length) && length >= 0 && length <= body.length)) {
    throw bad(`${HEADER_LENGTH} does not fit a body of ${String(body.length)} bytes`);
  }
  const header = Header.safeParse(parseObject(body.subarray(0, length), 'header'));
  if (!header.success) throw bad('the header is not a request of this protocol');
  const { inputs, ...rest } = header.data;
  let at = length;
  const filled = inputs.map((input) => {
    const size = input.parameters?.binary_data_size;
    if (size === undefined) return input;
    if (at + size > body.length) throw bad(`input '${input.name}': the body ends before its data`);
    const elements = readElements(input.name, body.subarray(at, at + size));
    at += size;
    return { ...input, data: elements.map((element) => textOf(input.name, element)) };
  });
  if (at !== body.length) throw bad('the body goes on after its tensors');
  return { ...rest, inputs: filled };
}

/** As little as has to be known of a request to find its tensors. */
const Header = z.looseObject({
  inputs: z.array(
    z.looseObject({
      name: z.string(),
      parameters: z.looseObject({ binary_data_size: z.int().min(0).optional() }).optional(),
    }),
  ),
});

/** Elements of BYTES: each is its length, 4 bytes little-endian, and that many bytes. */
function readElements(name: string, bytes: Buffer): Buffer[] {
  const elements: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32LE(at) : Infinity;
    if (end > bytes.length) throw bad(`input '${name}': an element ends after its tensor`);
    elements.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return elements;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function textOf(name: string, element: Buffer): string {
  if (name === 'image') return element.toString('base64');
  try {
    return utf8.decode(element);
  } catch (cause) {
    throw bad(`input '${name}': an element is not UTF-8`, cause);
  }
}

function parseObject(json: Buffer, what: 'header' | 'body'): object {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(json));
  } catch (cause) {
    throw bad(`the ${what} is not JSON`, cause);
  }
  if (typeof value === 'object' && value !== null) return value;
  throw bad(`the ${what} is not a request of this protocol`);
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError('BAD_USER_INPUT', message, { cause });
}
