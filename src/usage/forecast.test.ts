import { runsOutAt } from './forecast.js';

const NOW = new Date('2026-03-01T00:00:00Z');
const day = (n: number) => new Date(NOW.getTime() + n * 86_400_000);
const lot = (remainingNanos: bigint, endsOnDay?: number) => ({
  remainingNanos,
  expiresAt: endsOnDay === undefined ? null : day(endsOnDay),
});

test.each([
  ['credit that never ends lasts as long as it is enough', 100n, [lot(100n)], 10n, day(10)],
  ['what is held or owed is gone already', 60n, [lot(100n)], 10n, day(6)],
  ['lots are spent one after the other', 100n, [lot(40n, 30), lot(60n)], 10n, day(10)],
  ['what a lot has left at its end is lost', 100n, [lot(100n, 3)], 10n, day(3)],
  [
    'a lot that ends while another is spent is lost too',
    130n,
    [lot(60n), lot(70n, 4)],
    10n,
    day(6),
  ],
  ['what follows a lot that has ended is spent next', 100n, [lot(70n, 3), lot(30n)], 10n, day(6)],
  ['nobody spends: credit runs out where it ends', 50n, [lot(50n, 9)], 0n, day(9)],
  ['nobody spends, and it never ends', 50n, [lot(50n)], 0n, null],
  ['later than in ten years is never', 40_000n, [lot(40_000n)], 10n, null],
  ['without credit it is now', 0n, [], 10n, NOW],
  ['with a debt it is now', -5n, [lot(10n)], 10n, NOW],
])('%s', (_name, availableNanos, lots, nanosPerDay, expected) => {
  expect(runsOutAt({ availableNanos, lots }, nanosPerDay, NOW)).toEqual(expected);
});
