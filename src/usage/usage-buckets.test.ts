import { boundsOf, previousRange, type UsageInterval } from './usage-buckets.js';

function bounds(from: string, to: string, interval: UsageInterval, timeZone: string): string[] {
  const range = { from: new Date(from), to: new Date(to) };
  return boundsOf(range, interval, { timeZone, bucketsMax: 100 }).map((at) =>
    at.toISOString().replace(':00.000Z', 'Z'),
  );
}

test.each<[string, UsageInterval, string, string, string, string[]]>([
  [
    'a day on which summer begins has 23 hours',
    'DAY',
    'Europe/Berlin',
    '2025-03-29T23:00Z',
    '2025-03-31T22:00Z',
    ['2025-03-29T23:00Z', '2025-03-30T22:00Z', '2025-03-31T22:00Z'],
  ],
  [
    'a day on which it ends has 25',
    'DAY',
    'Europe/Berlin',
    '2025-10-25T22:00Z',
    '2025-10-27T23:00Z',
    ['2025-10-25T22:00Z', '2025-10-26T23:00Z', '2025-10-27T23:00Z'],
  ],
  [
    'a day with two midnights begins with the first',
    'DAY',
    'America/Havana',
    '2025-11-01T12:00Z',
    '2025-11-03T12:00Z',
    ['2025-11-01T12:00Z', '2025-11-02T04:00Z', '2025-11-03T05:00Z', '2025-11-03T12:00Z'],
  ],
  [
    'a day without a midnight begins at one',
    'DAY',
    'America/Havana',
    '2025-03-08T12:00Z',
    '2025-03-10T12:00Z',
    ['2025-03-08T12:00Z', '2025-03-09T05:00Z', '2025-03-10T04:00Z', '2025-03-10T12:00Z'],
  ],
  [
    'a day that a place has left out is in no bucket',
    'DAY',
    'Pacific/Apia',
    '2011-12-29T12:00Z',
    '2012-01-01T00:00Z',
    ['2011-12-29T12:00Z', '2011-12-30T10:00Z', '2011-12-31T10:00Z', '2012-01-01T00:00Z'],
  ],
  [
    'clocks that go back over midnight make no bucket that ends before it begins',
    'DAY',
    'America/St_Johns',
    '2010-11-07T02:45Z',
    '2010-11-09T12:00Z',
    ['2010-11-07T02:45Z', '2010-11-08T03:30Z', '2010-11-09T03:30Z', '2010-11-09T12:00Z'],
  ],
  [
    'weeks begin on Monday',
    'WEEK',
    'Asia/Kathmandu',
    '2025-03-05T00:00Z',
    '2025-03-18T00:00Z',
    ['2025-03-05T00:00Z', '2025-03-09T18:15Z', '2025-03-16T18:15Z', '2025-03-18T00:00Z'],
  ],
  [
    'months are as long as they are, in a leap year too',
    'MONTH',
    'UTC',
    '2024-01-31T00:00Z',
    '2024-04-01T00:00Z',
    ['2024-01-31T00:00Z', '2024-02-01T00:00Z', '2024-03-01T00:00Z', '2024-04-01T00:00Z'],
  ],
  [
    'hours are those of UTC, where clocks show the half of one',
    'HOUR',
    'Asia/Kolkata',
    '2025-03-05T00:30Z',
    '2025-03-05T02:00Z',
    ['2025-03-05T00:30Z', '2025-03-05T01:00Z', '2025-03-05T02:00Z'],
  ],
])('%s', (_name, interval, zone, from, to, expected) => {
  expect(bounds(from, to, interval, zone)).toEqual(expected);
});

test('the time before a range is as long, and ends where it begins', () => {
  const range = { from: new Date('2025-03-10T00:00Z'), to: new Date('2025-03-17T00:00Z') };
  expect(previousRange(range)).toEqual({ from: new Date('2025-03-03T00:00Z'), to: range.from });
});
