import { areWithin, ipRangeTest, normalizeIpRange } from './ip-ranges.js';

test.each([
  ['203.0.113.7', '203.0.113.7/32'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8:0::/32', '2001:db8::/32'],
  ['::1', '::1/128'],
  ['::ffff:203.0.113.7', '203.0.113.7/32'],
])('%s is kept as %s', (text, kept) => {
  expect(normalizeIpRange(text)).toBe(kept);
});

test.each([
  '',
  'localhost',
  '10.1',
  '10.0.0.0/33',
  '10.0.0.5/8',
  '2001:db8::1/32',
  '::1/129',
  '256.0.0.1',
  '0x7f.0.0.1',
  '010.0.0.1',
  '10.0.0.010/32',
  '::ffff:010.0.0.1',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  'fe80::1%eth0',
  '::ffff:10.0.0.0/104',
  ' 10.0.0.0/8',
  '2130706433',
])('%j is no range', (text) => {
  expect(normalizeIpRange(text)).toBeUndefined();
});

test('an address lies in a range of its own kind, mapped or not', () => {
  const lies = ipRangeTest(['10.0.0.0/8', '2001:db8::/32']);
  expect(['10.255.0.1', '::ffff:10.0.0.1', '2001:db8:ffff::1'].map(lies)).toEqual([
    true,
    true,
    true,
  ]);
  expect(['11.0.0.1', '::ffff:11.0.0.1', '2001:db9::1', '::1', 'x', ''].map(lies)).toEqual(
    Array(6).fill(false),
  );
  expect(ipRangeTest([])('anything')).toBe(true);
});

test('ranges lie within others, or not', () => {
  expect(areWithin(['10.1.0.0/16', '10.2.3.4/32'], ['10.0.0.0/8'])).toBe(true);
  expect(areWithin(['10.0.0.0/7'], ['10.0.0.0/8'])).toBe(false);
  expect(areWithin(['::/0'], ['0.0.0.0/0'])).toBe(false);
  expect(areWithin([], ['10.0.0.0/8'])).toBe(false);
  expect(areWithin([], [])).toBe(true);
  expect(areWithin(['10.0.0.0/8'], [])).toBe(true);
});
