import fc from 'fast-check';
import { parseHeader } from './safetensors-header.js';

const bytes = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const F32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

test('tensors come in the order of their data, with offsets into the file', () => {
  const header = bytes({ __metadata__: { format: 'pt' }, b: F32([2], 4, 12), a: F32([], 0, 4) });
  expect(parseHeader(header, 12)).toEqual([
    { name: 'a', dtype: 'F32', shape: [], offset: 8 + header.length, bytes: 4 },
    { name: 'b', dtype: 'F32', shape: [2], offset: 12 + header.length, bytes: 8 },
  ]);
});

test.each<[string, unknown, number, RegExp]>([
  ['data beyond the file', { a: F32([2], 0, 8) }, 4, /"a".*ends at byte 8.*holds 4.*cut off/],
  ['an overlap', { a: F32([2], 0, 8), b: F32([1], 4, 8) }, 8, /"b" overlaps tensor "a"/],
  ['a gap', { a: F32([1], 0, 4), b: F32([1], 8, 12) }, 12, /"b" leaves 4 bytes unused/],
  ['a gap at the start', { a: F32([1], 4, 8) }, 8, /"a" leaves 4 bytes unused after the start/],
  ['a rest', { a: F32([1], 0, 4) }, 6, /2 bytes follow tensor "a" unused/],
  ['an end before its beginning', { a: F32([1], 4, 0) }, 4, /ends at byte 0, before/],
  ['a shape that does not fit', { a: F32([3], 0, 8) }, 8, /takes 12 bytes.*span 8/],
  [
    'a shape whose product overflows',
    { a: F32([2 ** 40, 2 ** 40], 0, 8) },
    8,
    /larger than any file/,
  ],
  [
    'a product that would come round to the right one',
    { a: F32([2 ** 31, 2 ** 31, 4], 0, 0) },
    0,
    /larger than any file/,
  ],
  ['a negative size', { a: F32([-1], 0, 4) }, 4, /"a"/],
  ['a fraction', { a: F32([0.5], 0, 4) }, 4, /"a"/],
  ['a negative offset', { a: F32([1], -4, 0) }, 4, /"a"/],
  [
    'an unknown number format',
    { a: { ...F32([1], 0, 8), dtype: 'F64' } },
    8,
    /"a".*"F64"; supported: F32, F16, BF16/,
  ],
  ['another field', { a: { ...F32([1], 0, 4), code: 'x' } }, 4, /"a"/],
  ['too many dimensions', { a: F32([1, 1, 1, 1, 1, 1, 1, 1, 1], 0, 4) }, 4, /"a"/],
  [
    'a name twice',
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    4,
    /"a" occurs twice/,
  ],
  [
    'a name twice in other letters',
    '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    4,
    /"a" occurs twice/,
  ],
  ['metadata that are no texts', { __metadata__: { a: 1 } }, 0, /__metadata__/],
  ['a list', [], 0, /not a JSON object/],
  ['nothing', '', 0, /not JSON/],
  ['half of it', '{"a":', 0, /not JSON/],
])('%s is refused, by the tensor’s name', (_name, header, dataBytes, fault) => {
  expect(() => parseHeader(bytes(header), dataBytes)).toThrow(fault);
  expect(() => parseHeader(bytes(header), dataBytes)).toThrow(
    expect.objectContaining({ code: 'BAD_USER_INPUT' }) as Error,
  );
});

test('bytes that are no UTF-8 are refused', () => {
  expect(() => parseHeader(Buffer.from([0x7b, 0xff, 0x7d]), 0)).toThrow(/UTF-8/);
});

test('a deep value neither overflows the stack nor is printed', () => {
  const deep = `{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  expect(() => parseHeader(bytes(deep), 0)).toThrow(/"a"/);
});

test('a long name is cut in the message', () => {
  const name = 'x'.repeat(100_000);
  try {
    parseHeader(bytes({ [name]: 1 }), 0);
  } catch (error) {
    expect((error as Error).message.length).toBeLessThan(1_000);
  }
  expect.assertions(1);
});

test('any JSON at all is read or refused with our code', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(100), (json, dataBytes) => {
      try {
        for (const { offset, bytes: length } of parseHeader(bytes(json), dataBytes)) {
          expect(offset + length).toBeLessThanOrEqual(8 + bytes(json).length + dataBytes);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
      }
    }),
  );
});
