import fc from 'fast-check';
import { exactUsd, totalUsd } from './money.js';

const nanos = fc.oneof(
  fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  fc.bigInt({ min: -(10n ** 10n), max: 10n ** 10n }),
  fc.bigInt({ min: -2_000n, max: 2_000n }),
);
const rounding = fc.constantFrom('credit' as const, 'cost' as const);

/** What a text says, in nano-USD. */
function nanosOf(text: string): bigint {
  const [, sign, whole, decimals] = /^(−?)\$(\d{1,3}(?:,\d{3})*)\.(\d{2,9})$/.exec(text) ?? [];
  if (whole === undefined || decimals === undefined) throw new Error(`not an amount: ${text}`);
  const size = BigInt(whole.replaceAll(',', '')) * 10n ** 9n + BigInt(decimals.padEnd(9, '0'));
  return sign === '' ? size : -size;
}

describe('exactUsd', () => {
  test('says the amount to the last digit', () => {
    fc.assert(fc.property(nanos, (value) => nanosOf(exactUsd(String(value))) === value));
  });

  test.each([
    ['0', '$0.00'],
    ['1', '$0.000000001'],
    ['200000', '$0.0002'],
    ['230000', '$0.00023'],
    ['1000000000', '$1.00'],
    ['-100000000', '−$0.10'],
    ['1204500000000', '$1,204.50'],
    ['9007199254740993000000001', '$9,007,199,254,740,993.000000001'],
  ])('%s is %s', (value, text) => {
    expect(exactUsd(value)).toBe(text);
  });
});

describe('totalUsd', () => {
  test('a non-zero amount is never shown as zero, and zero is', () => {
    fc.assert(
      fc.property(nanos, rounding, (value, to) => {
        expect(nanosOf(totalUsd(value, to)) === 0n).toBe(value === 0n);
      }),
    );
  });

  test('credit is rounded down and cost up, by less than one part in a hundred', () => {
    fc.assert(
      fc.property(nanos, (value) => {
        const credit = nanosOf(totalUsd(value, 'credit'));
        const cost = nanosOf(totalUsd(value, 'cost'));
        const size = value < 0n ? -value : value;
        expect(credit <= value && value <= cost).toBe(true);
        expect((cost - credit) * 100n <= (size === 0n ? 1n : size)).toBe(true);
      }),
    );
  });

  test('from a dollar on it has two decimals', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 10n ** 9n, max: 10n ** 20n }), rounding, (value, to) =>
        /\.\d\d$/.test(totalUsd(value, to)),
      ),
    );
  });

  test.each([
    ['12345678', 'credit', '$0.0123'],
    ['12345678', 'cost', '$0.0124'],
    ['999999999', 'credit', '$0.999'],
    ['999999999', 'cost', '$1.00'],
    ['123456789', 'cost', '$0.124'],
    ['1999999999', 'credit', '$1.99'],
    ['1990000001', 'cost', '$2.00'],
    ['1', 'credit', '$0.000000001'],
    ['-1', 'cost', '−$0.000000001'],
    ['50000000', 'cost', '$0.05'],
  ] as const)('%s of %s is %s', (value, to, text) => {
    expect(totalUsd(value, to)).toBe(text);
  });
});
