import fc from 'fast-check';
import { labelLogits, rankLabels, sigmoid, softmax } from './scores.js';

const logit = fc.double({ min: -1000, max: 1000, noNaN: true });
const logitRow = fc
  .array(logit, { minLength: 1, maxLength: 50 })
  .map((row) => Float64Array.from(row));

test('a logit is scale · cosine + bias', () => {
  const image = Float32Array.of(0.6, 0.8);
  const labels = Float32Array.of(0.6, 0.8, -0.8, 0.6, -0.6, -0.8);
  const [same, across, opposite] = labelLogits(image, labels, { logitScale: 100, logitBias: -10 });
  expect(same).toBeCloseTo(90, 4);
  expect(across).toBeCloseTo(-10, 4);
  expect(opposite).toBeCloseTo(-110, 4);
});

test.each([
  [3, 7],
  [0, 0],
])('embeddings of %i and %i numbers are refused', (width, numbers) => {
  const scoring = { logitScale: 1, logitBias: 0 };
  expect(() => labelLogits(new Float32Array(width), new Float32Array(numbers), scoring)).toThrow(
    RangeError,
  );
});

test('sigmoid is between 0 and 1, symmetric and monotonic', () => {
  fc.assert(
    fc.property(logit, logit, (a, b) => {
      expect(sigmoid(a)).toBeGreaterThanOrEqual(0);
      expect(sigmoid(a)).toBeLessThanOrEqual(1);
      expect(sigmoid(a) + sigmoid(-a)).toBeCloseTo(1, 12);
      expect(Math.sign(sigmoid(a) - sigmoid(b)) * Math.sign(a - b)).toBeGreaterThanOrEqual(0);
    }),
  );
  expect(sigmoid(0)).toBe(0.5);
});

test('softmax adds up to 1, and the bias cancels in it', () => {
  fc.assert(
    fc.property(logitRow, logit, (row, bias) => {
      const shares = softmax(row);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      softmax(row.map((value) => value + bias)).forEach((share, i) => {
        expect(share).toBeCloseTo(shares[i] ?? NaN, 9);
      });
    }),
  );
});

test('every label is ranked once, best first, equal ones in their order', () => {
  const few = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(few, (row) => {
      const { ranked } = rankLabels(Float64Array.from(row));
      const wanted = row.map((value, index) => ({ value, index }));
      wanted.sort((a, b) => b.value - a.value || a.index - b.index);
      expect(ranked.map(({ index, logit }) => ({ value: logit, index }))).toEqual(wanted);
    }),
  );
});

test('a label has the same probability whatever other labels are asked for', () => {
  fc.assert(
    fc.property(logitRow, logit, (row, alone) => {
      const among = rankLabels(Float64Array.from([...row, alone])).ranked;
      const [single] = rankLabels(Float64Array.of(alone)).ranked;
      const found = among.find(({ index }) => index === row.length);
      expect(found?.probability).toBe(single?.probability);
    }),
  );
});

test('none of the above is when no probability reaches the threshold', () => {
  fc.assert(
    fc.property(logitRow, fc.double({ min: 0, max: 1, noNaN: true }), (row, threshold) => {
      const best = Math.max(...Array.from(row, sigmoid));
      expect(rankLabels(row, threshold).noneOfTheAbove).toBe(best < threshold);
    }),
  );
  expect(rankLabels(Float64Array.of(0), 0.5).noneOfTheAbove).toBe(false);
  expect(rankLabels(Float64Array.of(-900)).noneOfTheAbove).toBe(false);
});

test('the margin is the lead of the best share, and 1 for a single label', () => {
  expect(rankLabels(Float64Array.of(-5)).margin).toBe(1);
  expect(rankLabels(Float64Array.of(2, 2, -50)).margin).toBe(0);
  const { ranked, margin } = rankLabels(Float64Array.of(0, 3, 1));
  expect(margin).toBeCloseTo((ranked[0]?.share ?? NaN) - (ranked[1]?.share ?? NaN), 12);
});

test('no labels give no ranking', () => {
  expect(rankLabels(new Float64Array(0))).toEqual({ ranked: [], margin: 0, noneOfTheAbove: true });
});

test.each([NaN, Infinity, -Infinity])('a logit of %d is refused', (bad) => {
  expect(() => rankLabels(Float64Array.of(1, bad))).toThrow(RangeError);
});
