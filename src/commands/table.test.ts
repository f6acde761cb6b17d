import { alignColumns } from './table.js';

test('cells stand below each other, by what a terminal shows of them', () => {
  expect(
    alignColumns(
      [
        ['NAME', 'COUNT'],
        ['猫', '12'],
        ['a dog', '3'],
      ],
      { right: [1] },
    ),
  ).toEqual(['NAME   COUNT', '猫        12', 'a dog      3']);
});

test('a line may be shorter, and ends without spaces', () => {
  expect(alignColumns([['a', 'b'], ['long']], { gap: 1 })).toEqual(['a    b', 'long']);
  expect(alignColumns([])).toEqual([]);
});
