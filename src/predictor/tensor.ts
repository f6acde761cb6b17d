/** Names of the element types: ours, and those of the Open Inference Protocol. */
export const DATATYPES = { uint8: 'UINT8', int64: 'INT64', float32: 'FP32' } as const;
export type TensorType = keyof typeof DATATYPES;

interface Arrays {
  uint8: Uint8Array;
  int64: BigInt64Array;
  float32: Float32Array;
}
const ARRAYS = { uint8: Uint8Array, int64: BigInt64Array, float32: Float32Array } as const;

/** Row-major values; the first dimension is the batch. */
export interface Tensor<T extends TensorType = TensorType> {
  readonly type: T;
  readonly shape: readonly number[];
  readonly data: Arrays[T];
}

/** A value that a graph takes or gives; a text in `shape` stands for a size that the caller chooses. */
export interface TensorSpec {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly (number | string)[];
}

export function tensorTypeOf(datatype: string): TensorType | undefined {
  return (Object.keys(DATATYPES) as TensorType[]).find((type) => DATATYPES[type] === datatype);
}

/** Bytes of one element. */
export function elementBytes(type: TensorType): number {
  return ARRAYS[type].BYTES_PER_ELEMENT;
}

/** Rows of a tensor: its first dimension. */
export function rowCount({ shape }: Pick<Tensor, 'shape'>): number {
  return shape[0] ?? 0;
}

/** Elements of one row: everything but the batch. */
function rowLength({ shape }: Pick<Tensor, 'shape'>): number {
  return shape.slice(1).reduce((product, size) => product * size, 1);
}

/**
 * The bytes as elements of `type`, little-endian. Copied where they do not begin on a multiple of the
 * element's size.
 * @throws RangeError when they are no whole number of elements
 */
export function arrayOf(type: TensorType, bytes: Uint8Array): Tensor['data'] {
  const size = elementBytes(type);
  const aligned = bytes.byteOffset % size === 0 ? bytes : Uint8Array.from(bytes);
  return new ARRAYS[type](aligned.buffer as ArrayBuffer, aligned.byteOffset, bytes.length / size);
}

/** The bytes of the elements; shares their memory. */
export function bytesOf({ data }: Pick<Tensor, 'data'>): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Some rows of a tensor, sharing its memory. */
export function sliceRows(tensor: Tensor, from: number, to: number): Tensor {
  const length = rowLength(tensor);
  return {
    type: tensor.type,
    shape: [to - from, ...tensor.shape.slice(1)],
    data: tensor.data.subarray(from * length, to * length),
  };
}

/** Tensors of one type and row shape, one after the other. One alone is returned as it is. */
export function concatRows(tensors: readonly [Tensor, ...Tensor[]]): Tensor {
  const [first] = tensors;
  if (tensors.length === 1) return first;
  const bytes = Buffer.concat(tensors.map(bytesOf));
  const rows = tensors.reduce((sum, tensor) => sum + rowCount(tensor), 0);
  return {
    type: first.type,
    shape: [rows, ...first.shape.slice(1)],
    data: arrayOf(first.type, bytes),
  };
}
