import fc from 'fast-check';
import { AppError } from '../errors.js';
import { decimalsOf, formatAmount, parseAmount } from './currency.js';

/** Stripe's list (docs.stripe.com/currencies), by the digits that amounts are sent with. */
const ZERO = 'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' ');
const THREE = 'bhd jod kwd omr tnd'.split(' ');
/** Two digits are sent, both 0: they have no smaller unit. */
const WHOLE_ONLY = 'isk ugx'.split(' ');
const TWO = 'usd eur gbp chf huf twd brl inr try mxn cop'.split(' ');
const AMOUNT_MINOR_MAX = 99_999_999n;

const steps: Readonly<Record<string, bigint>> = Object.fromEntries([
  ...[...ZERO, ...TWO].map((code) => [code, 1n] as const),
  ...THREE.map((code) => [code, 10n] as const),
  ...WHOLE_ONLY.map((code) => [code, 100n] as const),
]);
const currency = fc.constantFrom(...Object.keys(steps));
/** Amounts that a currency can be paid in, in minor units. */
const payable = currency.chain((code) => {
  const step = steps[code] ?? 1n;
  const minor = fc.bigInt({ min: 1n, max: AMOUNT_MINOR_MAX / step }).map((count) => count * step);
  return fc.tuple(fc.constant(code), minor);
});

const refused = (text: string, code: string, says: RegExp) => {
  expect(() => parseAmount(text, code)).toThrow(
    expect.objectContaining({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(says) as string,
      details: { argument: 'amount' },
    }) as Error,
  );
};

test.each(ZERO)('F12: %s has no decimals: 1200 is 1200', (code) => {
  expect(decimalsOf(code)).toBe(0);
  expect([parseAmount('1200', code), parseAmount('1200.00', code)]).toEqual([1_200n, 1_200n]);
  expect(formatAmount(1_200n, code)).toBe('1200');
  refused('12.5', code, /steps of 1: /);
});

test.each(THREE)('F12: %s has three decimals, the last of which is 0', (code) => {
  expect(decimalsOf(code)).toBe(3);
  expect([parseAmount('12.5', code), parseAmount('12.340', code)]).toEqual([12_500n, 12_340n]);
  expect(formatAmount(12_340n, code)).toBe('12.340');
  refused('12.345', code, /steps of 0\.010: /);
});

test.each(WHOLE_ONLY)('F12: %s is sent with two decimals, and paid in whole units', (code) => {
  expect(decimalsOf(code)).toBe(2);
  expect([parseAmount('12', code), parseAmount('12.00', code)]).toEqual([1_200n, 1_200n]);
  expect(formatAmount(1_200n, code)).toBe('12.00');
  refused('12.50', code, /steps of 1\.00: /);
});

test.each([...TWO, 'any other'])('F12: %s has two decimals', (code) => {
  expect(decimalsOf(code)).toBe(2);
  expect([parseAmount('12', code), parseAmount('12.5', code)]).toEqual([1_200n, 1_250n]);
  expect(formatAmount(1_250n, code)).toBe('12.50');
  refused('12.505', code, /steps of 0\.01: /);
});

test('F12: what is written is read again, in every currency', () => {
  fc.assert(
    fc.property(payable, ([code, minor]) => {
      expect(parseAmount(formatAmount(minor, code), code)).toBe(minor);
    }),
  );
});

test('F12: what is read is written again, but for its zeros', () => {
  const digits = fc.stringMatching(/^(0|[1-9]\d{0,5})(\.\d{1,3})?$/);
  fc.assert(
    fc.property(currency, digits, (code, text) => {
      let minor;
      try {
        minor = parseAmount(text, code);
      } catch {
        return;
      }
      expect(Number(formatAmount(minor, code))).toBe(Number(text));
    }),
  );
});

test('F12: more than eight digits are refused, and the most is said in whole units', () => {
  expect(parseAmount('99999999', 'jpy')).toBe(AMOUNT_MINOR_MAX);
  expect(parseAmount('999999.99', 'usd')).toBe(AMOUNT_MINOR_MAX);
  refused('100000000', 'jpy', /at most 99999999\.$/);
  refused('1000000', 'usd', /at most 999999\.99\.$/);
  refused('100000', 'kwd', /at most 99999\.999\.$/);
});

test.each(['', '-1', '+1', '1e3', '1,50', '.5', '5.', ' 5', '0x10', '१', 'NaN', '1'.repeat(13)])(
  'F12: "%s" is not an amount',
  (text) => {
    refused(text, 'usd', /is not an amount/);
  },
);

test.each(['0', '0.00', '0.0'])('F12: "%s" is too little', (text) => {
  refused(text, 'usd', /more than 0/);
});

test('F12: any text is read, or refused with our code', () => {
  fc.assert(
    fc.property(currency, fc.oneof(fc.string(), fc.double().map(String)), (code, text) => {
      try {
        expect(parseAmount(text, code)).toBeGreaterThan(0n);
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
      }
    }),
  );
});

test('F12: what went back is written with its sign', () => {
  expect([formatAmount(-5n, 'usd'), formatAmount(-1_250n, 'usd')]).toEqual(['-0.05', '-12.50']);
  expect([formatAmount(-5n, 'jpy'), formatAmount(0n, 'kwd')]).toEqual(['-5', '0.000']);
});
