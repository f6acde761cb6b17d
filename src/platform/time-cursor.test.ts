import * as fc from 'fast-check';
import { decodeTimeCursor, encodeTimeCursor } from './time-cursor.js';

test('a cursor is read as it was written', () => {
  fc.assert(
    fc.property(
      fc.date({ noInvalidDate: true }),
      fc.stringMatching(/^[\w:./-]{1,40}$/),
      (at, id) => {
        expect(decodeTimeCursor(encodeTimeCursor({ at, id }))).toEqual({ at, id });
      },
    ),
  );
});

test('what is no cursor is refused, and nothing else is made of it', () => {
  const coded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const bad of [
    '',
    'x',
    '💥',
    coded({}),
    coded([1]),
    coded([1e300, 'a']),
    coded([0, 'a\0b']),
  ]) {
    expect(() => decodeTimeCursor(bad)).toThrow('The cursor does not belong to this list.');
  }
});
