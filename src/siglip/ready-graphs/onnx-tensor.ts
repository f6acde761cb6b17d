import { ProtobufFault, readFields, textOf } from './protobuf-reader.js';

/** Bytes in a file. */
export interface TensorPlace {
  /** From the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A constant of a graph: as a small message, or somewhere in its file, or in a file beside it. */
export interface Initializer {
  readonly name: string;
  /** `TensorProto.DataType`. */
  readonly type: number;
  readonly dims: readonly number[];
  /** The `TensorProto`, with its data. */
  readonly whole?: Uint8Array;
  readonly data?: TensorPlace;
  /** `location`, `offset` and `length`, as they are written there. */
  readonly external?: Readonly<Record<string, string>>;
}

/** Bits of one element, by `TensorProto.DataType`: those that weights are stored in. */
const BITS = new Map([
  [1, 32], // float
  [2, 8], // uint8
  [3, 8], // int8
  [6, 32], // int32
  [7, 64], // int64
  [9, 8], // bool
  [10, 16], // float16
  [11, 64], // double
  [16, 16], // bfloat16
  [21, 4], // uint4
  [22, 4], // int4
]);

/** Bytes that a tensor's type and shape ask for. @throws ProtobufFault for a type that is not read */
export function tensorBytes({ name, type, dims }: Initializer): number {
  const bits = BITS.get(type);
  if (bits === undefined) {
    throw new ProtobufFault(`"${name}" has the data type ${String(type)}, which is not read`);
  }
  const elements = dims.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(elements) || elements < 0) {
    throw new ProtobufFault(`"${name}" has an impossible shape`);
  }
  return Math.ceil((elements * bits) / 8);
}

/** Bytes that its address must be a multiple of, for a processor that asks for that. */
export function alignmentOf({ type }: Initializer): number {
  return Math.max(1, (BITS.get(type) ?? 8) / 8);
}

/** `StringStringEntryProto`: key 1, value 2. */
export function readExternal(message: Uint8Array): [string, string] {
  let [key, value] = ['', ''];
  for (const field of readFields(message)) {
    if (field.number === 1) key = textOf(field);
    if (field.number === 2) value = textOf(field);
  }
  return [key, value];
}
