import fc from 'fast-check';
import {
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  HEADER_LENGTH,
} from './protocol.js';
import type { Tensor } from './tensor.js';

const shape = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 });
const tensor: fc.Arbitrary<Tensor> = fc
  .tuple(shape, fc.constantFrom('uint8', 'int64', 'float32'))
  .chain(([sizes, type]): fc.Arbitrary<Tensor> => {
    const length = sizes.reduce((product, size) => product * size, 1);
    const exactly = { minLength: length, maxLength: length };
    if (type === 'uint8') {
      return fc.uint8Array(exactly).map((data) => ({ type: 'uint8', shape: sizes, data }));
    }
    if (type === 'int64') {
      return fc.bigInt64Array(exactly).map((data) => ({ type: 'int64', shape: sizes, data }));
    }
    return fc.float32Array(exactly).map((data) => ({ type: 'float32', shape: sizes, data }));
  });
const refusal = expect.objectContaining({ code: 'BAD_REQUEST' }) as Error;

test('a binary request arrives as it was sent, to the last bit', () => {
  fc.assert(
    fc.property(tensor, (input) => {
      const { body, headers } = encodeRequest('pixels', input, 1_500);
      const request = decodeRequest(body, headers[HEADER_LENGTH]);
      expect(request.inputs).toEqual({ pixels: input });
      expect(request).toMatchObject({ binaryOutput: true, timeoutMs: 1_500, outputs: undefined });
    }),
  );
});

test('an answer arrives as it was given, in binary and in JSON', () => {
  const finite = tensor.filter(
    ({ type, data }) => type !== 'float32' || (data as Float32Array).every(Number.isFinite),
  );
  fc.assert(
    fc.property(finite, fc.boolean(), (output, binaryOutput) => {
      // JSON has no −0, and ours holds whole numbers up to 2^53 only.
      fc.pre(
        binaryOutput ||
          (output.type !== 'int64' &&
            !Array.from(output.data as Float32Array).some((value) => Object.is(value, -0))),
      );
      const { body, headers } = encodeResponse('m', { id: 'a', binaryOutput }, { out: output });
      expect(decodeResponse(body, headers[HEADER_LENGTH])).toEqual({ out: output });
    }),
  );
});

test('bytes that nobody sent this way are refused with a code, never with another error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      fc.oneof(fc.constant(undefined), fc.nat(60).map(String), fc.string()),
      (bytes, length) => {
        expect(() => decodeRequest(Buffer.from(bytes), length)).toThrow(refusal);
      },
    ),
  );
});

const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const ids = (over: object) => ({
  inputs: [{ name: 'ids', shape: [1, 2], datatype: 'INT64', data: [1, 2], ...over }],
});

test('values in JSON are read flat or nested, as the protocol allows', () => {
  for (const data of [[1, 2], [[1, 2]]]) {
    expect(decodeRequest(json(ids({ data })), undefined).inputs).toEqual({
      ids: { type: 'int64', shape: [1, 2], data: BigInt64Array.of(1n, 2n) },
    });
  }
});

test.each<[string, object, RegExp]>([
  ['an unknown datatype', ids({ datatype: 'BYTES' }), /none of UINT8, INT64, FP32/],
  ['fewer values than the shape', ids({ data: [1] }), /1 values do not fit/],
  ['a fraction as a whole number', ids({ data: [1, 1.5] }), /not a valid int64/],
  ['a text as a number', ids({ data: [1, '2'] }), /not a valid int64/],
  ['a negative size', ids({ shape: [-1, 2] }), /shape/],
  [
    'a size without end',
    ids({ shape: [2 ** 31, 2 ** 31, 2 ** 31], parameters: { binary_data_size: 8 } }),
    /do not fit the shape/,
  ],
  [
    'bytes that are not there',
    ids({ parameters: { binary_data_size: 16 } }),
    /ends before its data/,
  ],
  ['no input', { inputs: [] }, /inputs/],
  ['one name twice', { inputs: [...ids({}).inputs, ...ids({}).inputs] }, /twice/],
])('%s is refused by name', (_name, message, fault) => {
  const body = json(message);
  expect(() => decodeRequest(body, String(body.length))).toThrow(refusal);
  expect(() => decodeRequest(body, String(body.length))).toThrow(fault);
});

test('bytes after the last tensor are refused', () => {
  const { body, headers } = encodeRequest(
    'a',
    { type: 'uint8', shape: [1], data: Uint8Array.of(7) },
    1,
  );
  expect(() => decodeRequest(Buffer.concat([body, Buffer.of(0)]), headers[HEADER_LENGTH])).toThrow(
    /continues after/,
  );
});
