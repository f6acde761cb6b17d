import fc from 'fast-check';
import { LatencyHistogram } from './latency-histogram.js';

/** As `usage_latency_bucket` and the roll-ups write it. */
function encode(latenciesMs: readonly number[]): Buffer {
  return Buffer.concat(
    latenciesMs.map((ms) => {
      const bytes = Buffer.alloc(6);
      bytes.writeUInt16BE(Math.ceil(Math.log(Math.max(ms * 10, 1)) / Math.log(1.04)), 0);
      bytes.writeUInt32BE(1, 2);
      return bytes;
    }),
  );
}

const latency = fc.double({ min: 0, max: 86_400_000, noNaN: true });

test('a percentile is within 2 % of the exact one, however the calls were split up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(latency), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(0.01, 0.5, 0.95, 0.99, 1),
      (parts, share) => {
        const histogram = new LatencyHistogram();
        for (const part of parts) histogram.add(encode(part));
        const all = parts.flat().sort((a, b) => a - b);
        const exact = all[Math.max(1, Math.ceil(share * all.length)) - 1];
        const given = histogram.percentile(share);
        if (exact === undefined || given === null)
          expect([exact, given]).toEqual([undefined, null]);
        else expect(Math.abs(given - exact)).toBeLessThanOrEqual(0.02 * exact + 0.1);
      },
    ),
  );
});

test('what a counter of 32 bits holds is added up exactly', () => {
  const histogram = new LatencyHistogram();
  const most = Buffer.from('0000ffffffff0001ffffffff', 'hex');
  histogram.add(most);
  histogram.add(Buffer.from('000200000001', 'hex'));
  expect(histogram.percentile(0.49)).toBeCloseTo(0.098, 3);
  expect(histogram.percentile(0.51)).toBeCloseTo(0.102, 3);
  expect(histogram.percentile(1)).toBeCloseTo(0.106, 3);
});
