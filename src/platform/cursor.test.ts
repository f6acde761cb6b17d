import fc from 'fast-check';
import { bindCursor, decodePosition, encodePosition, listFingerprint, placeOf } from './cursor.js';

const LIST = listFingerprint({ filter: { task: 'A' }, orderBy: 'NAME' });
const position = fc.record({
  key: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 90 }), fc.constant(null)),
  id: fc.string({ maxLength: 40 }),
});

test('a cursor leads back to its place, whatever the text', () => {
  fc.assert(
    fc.property(position, (place) => {
      const cursor = bindCursor(LIST, encodePosition(place));
      expect(decodePosition('string', placeOf(LIST, cursor))).toEqual(place);
    }),
  );
});

test('numbers keep every digit', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (key) => {
      expect(decodePosition('number', encodePosition({ key, id: 'a' })).key).toBe(key);
    }),
  );
});

test('any other text is refused with our code, never with another error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json()), (text) => {
      const refused = expect.objectContaining({
        code: 'BAD_USER_INPUT',
        details: { argument: 'after' },
      }) as Error;
      expect(() => placeOf(LIST, text)).toThrow(refused);
      expect(() => decodePosition('string', text)).toThrow(refused);
    }),
  );
});

test('a cursor of another list, or with another kind of key, is refused', () => {
  const other = listFingerprint({ filter: { task: 'B' }, orderBy: 'NAME' });
  const cursor = bindCursor(other, encodePosition({ key: 'a', id: 'b' }));
  expect(() => placeOf(LIST, cursor)).toThrow('another list, filter or order');
  const text = encodePosition({ key: 'a', id: 'b' });
  expect(() => decodePosition('number', text)).toThrow('not valid');
});

test('the order in which a filter is written does not make another list', () => {
  expect(listFingerprint({ a: 1, b: { c: 2, d: [3, 4] } })).toBe(
    listFingerprint({ b: { d: [3, 4], c: 2 }, a: 1 }),
  );
  expect(listFingerprint({ a: [1, 2] })).not.toBe(listFingerprint({ a: [2, 1] }));
  expect(listFingerprint({ a: 1, b: null })).toBe(listFingerprint({ a: 1 }));
  expect(listFingerprint({ from: new Date(0), nanos: 5n })).not.toBe(
    listFingerprint({ from: new Date(1), nanos: 5n }),
  );
});
