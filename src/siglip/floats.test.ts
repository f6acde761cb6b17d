import { findNonFinite, toFloat32 } from './floats.js';

const raw16 = (...bits: number[]) => new Uint8Array(Uint16Array.from(bits).buffer);

test('every float16 is the number that it stands for', () => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const values = toFloat32('F16', new Uint8Array(all.buffer));
  for (const [bits, value] of values.entries()) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    const expected =
      exponent === 31
        ? fraction === 0
          ? sign * Infinity
          : NaN
        : exponent === 0
          ? sign * fraction * 2 ** -24
          : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
    if (!Object.is(value, expected)) expect([bits, value]).toEqual([bits, expected]);
  }
  expect(values).toHaveLength(2 ** 16);
});

test('a bfloat16 is the upper half of a float32', () => {
  expect(Array.from(toFloat32('BF16', raw16(0x3f80, 0xc000, 0x0001, 0x7f80, 0x8000)))).toEqual([
    1,
    -2,
    2 ** -133,
    Infinity,
    -0,
  ]);
});

test.each<[Parameters<typeof findNonFinite>[0], Uint8Array, number]>([
  ['F32', new Uint8Array(Float32Array.of(1, 2, NaN, Infinity).buffer), 2],
  ['F32', new Uint8Array(Float32Array.of(1, -Infinity).buffer), 1],
  ['F32', new Uint8Array(Float32Array.of(3.4e38, -3.4e38, 0).buffer), -1],
  ['F16', raw16(0x7bff, 0x7c00), 1],
  ['F16', raw16(0x7bff, 0xfbff), -1],
  ['BF16', raw16(0x3f80, 0xffc0), 1],
  ['BF16', raw16(0x7f7f), -1],
])('%s: the first that is not finite is found (%#)', (dtype, raw, index) => {
  expect(findNonFinite(dtype, raw)).toBe(index);
});
