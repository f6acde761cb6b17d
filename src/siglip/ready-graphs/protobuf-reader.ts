/*
 * The protobuf wire format, read (protobuf.dev/programming-guides/encoding). Files are hostile: every length is checked
 * against what is there before anything is read or allocated.
 */

/** What a message is not. */
export class ProtobufFault extends Error {}

/** A field of a message that lies in memory. */
export interface ReadField {
  readonly number: number;
  /** Of a `varint`; other fields have bytes. */
  readonly value?: bigint;
  /** Of a length-delimited field, or the 4 or 8 bytes of a fixed one. */
  readonly bytes?: Uint8Array;
  /** The field as it lies there, with its key. */
  readonly whole: Uint8Array;
}

/** Fields of a message in their order. @throws ProtobufFault */
export function* readFields(message: Uint8Array): Generator<ReadField> {
  let at = 0;
  while (at < message.length) {
    const start = at;
    const key = readVarint(message, at);
    at = key.end;
    const { number, wireType } = splitKey(key.value);
    if (wireType === WIRE.varint) {
      const { value, end } = readVarint(message, at);
      at = end;
      yield { number, value, whole: message.subarray(start, at) };
      continue;
    }
    const length = lengthOf(wireType, () => {
      const { value, end } = readVarint(message, at);
      at = end;
      return value;
    });
    if (length > message.length - at) throw new ProtobufFault('A message ends early');
    const bytes = message.subarray(at, at + length);
    at += length;
    yield { number, bytes, whole: message.subarray(start, at) };
  }
}

export const WIRE = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;

/** @throws ProtobufFault for a field or wire type that the format does not have */
export function splitKey(key: bigint): { number: number; wireType: number } {
  const number = Number(key >> 3n);
  if (number < 1 || number > 2 ** 29 - 1) throw new ProtobufFault('A field has no number');
  return { number, wireType: Number(key & 7n) };
}

/** Bytes of a field that is no varint. @throws ProtobufFault */
export function lengthOf(wireType: number, readLength: () => bigint): number {
  if (wireType === WIRE.fixed64) return 8;
  if (wireType === WIRE.fixed32) return 4;
  if (wireType !== WIRE.lengthDelimited) throw new ProtobufFault('A field has an unknown type');
  const length = readLength();
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtobufFault('A length is too large');
  return Number(length);
}

/** Seven bits a byte, lowest first, at most ten bytes. @throws ProtobufFault */
export function readVarint(bytes: Uint8Array, at: number): { value: bigint; end: number } {
  let value = 0n;
  for (let index = 0; index < 10; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new ProtobufFault('A number ends early');
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), end: at + index + 1 };
  }
  throw new ProtobufFault('A number has more than 64 bits');
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** @throws ProtobufFault for a field that is no text */
export function textOf({ bytes }: ReadField): string {
  if (bytes === undefined) throw new ProtobufFault('A text is a number');
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new ProtobufFault('A text is not UTF-8', { cause });
  }
}

/** An `int64` or `enum`. @throws ProtobufFault for a field that is no such number, or beyond 2^53 */
export function numberOf({ value }: ReadField): number {
  if (value === undefined) throw new ProtobufFault('A number is no varint');
  return safe(value);
}

/** One or, packed, several numbers of a `repeated int64`. @throws ProtobufFault */
export function numbersOf({ value, bytes }: ReadField): number[] {
  if (value !== undefined) return [safe(value)];
  const numbers: number[] = [];
  for (let at = 0; bytes !== undefined && at < bytes.length;) {
    const read = readVarint(bytes, at);
    numbers.push(safe(read.value));
    at = read.end;
  }
  return numbers;
}

/** @throws ProtobufFault for a field that is a number */
export function messageOf({ bytes }: ReadField): Uint8Array {
  if (bytes === undefined) throw new ProtobufFault('A message is a number');
  return bytes;
}

function safe(value: bigint): number {
  const number = Number(BigInt.asIntN(64, value));
  if (Number.isSafeInteger(number)) return number;
  throw new ProtobufFault('A number is too large');
}
