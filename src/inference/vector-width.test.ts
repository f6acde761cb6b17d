import { checkDimensions, shortenVector } from './vector-width.js';

test('a vector that is cut has length 1 again, and its direction', () => {
  expect(Array.from(shortenVector(Float32Array.of(0.6, 0, 0.8), 2))).toEqual([1, 0]);
  expect(Array.from(shortenVector(Float32Array.of(0.48, 0.64, 0.6), 2))).toEqual([
    Math.fround(0.6),
    Math.fround(0.8),
  ]);
});

test('a whole vector, and one without length, stay as they are', () => {
  const whole = Float32Array.of(0.6, 0.8);
  expect(shortenVector(whole, 2)).toBe(whole);
  expect(Array.from(shortenVector(Float32Array.of(0, 0, 1), 2))).toEqual([0, 0]);
});

test.each([0, -1, 1.5, 129, Number.NaN])('%p numbers of 128 are refused', (dimensions) => {
  expect(() => checkDimensions(dimensions, 128)).toThrow(/between 1 and 128/);
});

test('without a wish, a vector is whole', () => {
  expect([checkDimensions(undefined, 128), checkDimensions(128, 128)]).toEqual([128, 128]);
});
