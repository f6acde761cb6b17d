import { z } from 'zod';
import { AppError } from '../errors.js';
import { describeIssue } from './describe-issue.js';
import { findDuplicateKey } from './json-keys.js';

/**
 * Bytes of one element, for the number formats that checkpoints are published in. `I64` is of constants such as
 * position ids: no weight is stored in it.
 */
export const DTYPE_BYTES = { F32: 4, F16: 2, BF16: 2, I64: 8 } as const;

export type Dtype = keyof typeof DTYPE_BYTES;

/** Where one tensor lies in its file. Row-major, little-endian, as the format prescribes. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  /** `[]` for a scalar. */
  readonly shape: readonly number[];
  /** Bytes from the start of the file. Aligned to nothing: a header may have any length. */
  readonly offset: number;
  readonly bytes: number;
}

const RANK_MAX = 8;
const DTYPES = Object.keys(DTYPE_BYTES) as [Dtype, ...Dtype[]];
const count = z.int().min(0);

const entrySchema = z.strictObject({
  dtype: z.enum(DTYPES, {
    // Only texts are shown: to print a hostile, deeply nested value would overflow the stack.
    error: ({ input }) =>
      `is ${typeof input === 'string' ? quote(input) : 'no text'}; supported: ${DTYPES.join(', ')}`,
  }),
  shape: z.array(count).max(RANK_MAX),
  data_offsets: z.tuple([count, count]),
});

const metadataSchema = z.record(z.string(), z.string());

/**
 * Reads the JSON header of a safetensors file and checks it as strictly as the reference does
 * (safetensors/src/tensor.rs, `Metadata::validate`): every tensor's shape and number format give exactly
 * its bytes, and the tensors cover the data without overlap, gap or rest. Beyond the reference, a key
 * that occurs twice is refused: it keeps one of the two.
 *
 * @param header the JSON bytes, without the length before them
 * @param dataBytes what the file holds behind the header
 * @returns the tensors in the order of their data
 * @throws AppError BAD_USER_INPUT that names the tensor and the fault; nothing else, for any input
 */
export function parseHeader(header: Uint8Array, dataBytes: number): TensorInfo[] {
  const dataStart = 8 + header.length;
  const { __metadata__: metadata, ...entries } = parseObject(header);
  if (metadata !== undefined && !metadataSchema.safeParse(metadata).success) {
    throw fault('"__metadata__" must map names to texts');
  }
  const tensors = Object.entries(entries)
    .map(([name, entry]) => parseEntry(name, entry, dataBytes))
    .sort((a, b) => a.offset - b.offset || a.bytes - b.bytes);
  checkCover(tensors, dataBytes);
  return tensors.map((tensor) => ({ ...tensor, offset: dataStart + tensor.offset }));
}

function parseObject(header: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    const json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(header);
    value = JSON.parse(json);
    const duplicate = findDuplicateKey(json);
    if (duplicate !== undefined) throw fault(`the name ${quote(duplicate)} occurs twice`);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw fault('it is not JSON in UTF-8', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw fault('it is not a JSON object');
  }
  return value as Record<string, unknown>;
}

/** `offset` of the result counts from the start of the data. */
function parseEntry(name: string, value: unknown, dataBytes: number): TensorInfo {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) throw fault(`tensor ${quote(name)}: ${describeIssue(parsed.error)}`);
  const { dtype, shape, data_offsets: offsets } = parsed.data;
  const [begin, end] = offsets;
  const about = `tensor ${quote(name)} of shape ${JSON.stringify(shape)}`;
  if (end < begin) {
    throw fault(`${about} ends at byte ${String(end)}, before it begins at ${String(begin)}`);
  }
  if (end > dataBytes) {
    throw fault(
      `${about} ends at byte ${String(end)} of the data, but the file holds ${String(dataBytes)}: it is cut off, or not what it says`,
    );
  }
  let bytes: number = DTYPE_BYTES[dtype];
  for (const size of shape) {
    bytes *= size;
    // Beyond 2^53 products round, and a wrong one could match.
    if (!Number.isSafeInteger(bytes)) throw fault(`${about} is larger than any file`);
  }
  if (bytes !== end - begin) {
    throw fault(
      `${about} in ${dtype} takes ${String(bytes)} bytes, but its offsets span ${String(end - begin)}`,
    );
  }
  return { name, dtype, shape, offset: begin, bytes };
}

function checkCover(tensors: readonly TensorInfo[], dataBytes: number): void {
  let end = 0;
  let before = 'the start of the data';
  for (const { name, offset, bytes } of tensors) {
    const here = `tensor ${quote(name)}`;
    if (offset < end) throw fault(`${here} overlaps ${before}`);
    if (offset > end)
      throw fault(`${here} leaves ${String(offset - end)} bytes unused after ${before}`);
    end = offset + bytes;
    before = here;
  }
  if (end < dataBytes) throw fault(`${String(dataBytes - end)} bytes follow ${before} unused`);
}

function fault(what: string, cause?: unknown): AppError {
  return new AppError('BAD_USER_INPUT', `The safetensors header is malformed: ${what}.`, { cause });
}

/** A hostile name may be as long as the header. */
function quote(name: string): string {
  return JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
}
