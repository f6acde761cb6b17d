import { scoreTable } from './score-table.js';

const table = (...labels: string[]) =>
  scoreTable({
    image: 'cat.jpg',
    scores: labels.map((label, at) => ({ label, probability: 0.5, share: at === 0 ? 1 : 0 })),
    noneOfTheAbove: false,
  });

test('columns stand below each other', () => {
  expect(table('a cat', 'a dog that runs')).toBe(`cat.jpg
                    itself    among
  a cat             50.0 %  100.0 %  ████████████████████████
  a dog that runs   50.0 %    0.0 %
`);
});

/** Columns of a terminal: two for a wide character, none for what joins the one before. */
test.each([
  ['猫の写真', 8],
  ['고양이', 6],
  ['😀', 2],
  ['👩‍👩‍👧', 2],
  ['🇫🇷', 2],
  ['e\u0301te\u0301', 3],
  ['ｃａｔ', 6],
  ['γάτα', 4],
])('%s takes %d columns', (label, columns) => {
  const other = 'x'.repeat(10);
  const [, , first = '', second = ''] = table(label, other).split('\n');
  /** Spaces between a label and its first figure. */
  const gap = (line: string, text: string) => line.slice(`  ${text}`.length).search(/\S/);
  expect(columns + gap(first, label)).toBe(other.length + gap(second, other));
});

test('a verdict is the last line', () => {
  const scores = [{ label: 'a cat', probability: 0, share: 1 }];
  expect(scoreTable({ image: 'x.png', scores, noneOfTheAbove: true })).toMatch(
    /none of the labels reaches the threshold\n$/,
  );
});
// cspell:ignore γάτα
