import { day, partialDate } from './date.js';
import { compact, counted, duration, percent } from './number.js';

test('counts agree with their noun', () => {
  expect([0, 1, 1_204].map((count) => counted(count, 'request'))).toEqual([
    '0 requests',
    '1 request',
    '1,204 requests',
  ]);
});

test('a share short of all is never 100 %', () => {
  expect([1, 0.999_99, 0.5, 0].map(percent)).toEqual(['100.00%', '99.99%', '50.00%', '0.00%']);
});

test('times have the unit that fits', () => {
  expect([4.25, 41.4, 1_240].map(duration)).toEqual(['4.3 ms', '41 ms', '1.24 s']);
});

test('large numbers are short', () => {
  expect([878_000_000, 242_300, 950].map(compact)).toEqual(['878M', '242.3K', '950']);
});

test('dates are as precise as they are known', () => {
  expect(['2023', '2023-10', '2023-10-17'].map(partialDate)).toEqual([
    '2023',
    'Oct 2023',
    'Oct 17, 2023',
  ]);
  expect(day('2026-11-30T23:59:59.000Z')).toBe('Nov 30, 2026');
});
