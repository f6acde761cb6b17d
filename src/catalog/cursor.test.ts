import fc from 'fast-check';
import { decodeCursor, encodeCursor, listFingerprint } from './cursor.js';

const LIST = listFingerprint({ filter: { task: 'A' }, orderBy: 'NAME' });
const position = fc.record({
  key: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 90 }), fc.constant(null)),
  id: fc.string({ maxLength: 40 }),
});

test('a cursor leads back to its place, whatever the text', () => {
  fc.assert(
    fc.property(position, (place) => {
      expect(decodeCursor(LIST, 'string', encodeCursor(LIST, place))).toEqual(place);
    }),
  );
});

test('numbers keep every digit', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (key) => {
      expect(decodeCursor(LIST, 'number', encodeCursor(LIST, { key, id: 'a' })).key).toBe(key);
    }),
  );
});

test('any other text is refused with our code, never with another error', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.json()), (text) => {
      expect(() => decodeCursor(LIST, 'string', text)).toThrow(
        expect.objectContaining({ code: 'BAD_USER_INPUT' }) as Error,
      );
    }),
  );
});

test('a cursor of another list, or with another kind of key, is refused', () => {
  const other = listFingerprint({ filter: { task: 'B' }, orderBy: 'NAME' });
  const cursor = encodeCursor(other, { key: 'a', id: 'b' });
  expect(() => decodeCursor(LIST, 'string', cursor)).toThrow('another filter or order');
  const text = encodeCursor(LIST, { key: 'a', id: 'b' });
  expect(() => decodeCursor(LIST, 'number', text)).toThrow('another filter or order');
});

test('the order in which a filter is written does not make another list', () => {
  expect(listFingerprint({ a: 1, b: { c: 2, d: [3, 4] } })).toBe(
    listFingerprint({ b: { d: [3, 4], c: 2 }, a: 1 }),
  );
  expect(listFingerprint({ a: [1, 2] })).not.toBe(listFingerprint({ a: [2, 1] }));
});
