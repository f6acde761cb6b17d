/**
 * The part of the protobuf wire format that ONNX files need
 * (protobuf.dev/programming-guides/encoding): a message is its encoded fields in a row.
 */
export type Field = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** An `int32`, `int64` or `enum` field; −2^53 < value < 2^53. */
export function intField(number: number, value: number): Field {
  return Buffer.concat([key(number, VARINT), varint(value)]);
}

/** A `float` field. */
export function floatField(number: number, value: number): Field {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([key(number, FIXED_32), bytes]);
}

/** A `string` field. */
export function stringField(number: number, value: string): Field {
  return bytesField(number, Buffer.from(value, 'utf8'));
}

/** A `bytes` field. */
export function bytesField(number: number, value: Uint8Array): Field {
  return Buffer.concat([key(number, LENGTH_DELIMITED), varint(value.length), value]);
}

/** A field that holds a message. */
export function messageField(number: number, fields: readonly Field[]): Field {
  return bytesField(number, Buffer.concat(fields));
}

/** A `repeated int64` field in the packed form; none at all when it is empty. */
export function intsField(number: number, values: readonly number[]): Field {
  return values.length === 0
    ? Buffer.alloc(0)
    : bytesField(number, Buffer.concat(values.map((value) => varint(value))));
}

function key(number: number, wireType: number): Uint8Array {
  return varint(number * 8 + wireType);
}

/** Seven bits a byte, lowest first; a negative number counts as its 64-bit two's complement. */
function varint(value: number): Uint8Array {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${String(value)} is no safe integer.`);
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Uint8Array.from(bytes);
}
