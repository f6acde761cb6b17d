import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { readCreditOffer, termsOfAmount, termsOfPack } from './credit-pack.js';

const SEED = path.resolve(import.meta.dirname, '../../prisma/seed/credit-packs.yaml');
const OFFER = `
packs:
  - id: starter
    name: Starter
    credit: '5.00'
    price: { usd: '5.00', jpy: '800' }
  - id: builder
    name: Builder
    credit: '25.123456789'
    bonus: '0.000000001'
    price: { usd: '25.00' }
custom:
  usd: { min: '1.00', max: '100.00', creditPerUnit: '1.00' }
  jpy: { min: '100', max: '10000', creditPerUnit: '0.00625' }
`;
const offer = readCreditOffer(OFFER);
/** An offer with a part of its text changed. */
const changed = (from: string, to: string) => () => readCreditOffer(OFFER.replace(from, to));

test('what is offered is read to the last digit', () => {
  expect(offer.packs).toEqual([
    {
      id: 'starter',
      name: 'Starter',
      creditNanos: 5_000_000_000n,
      bonusNanos: 0n,
      prices: new Map([
        ['usd', 500n],
        ['jpy', 800n],
      ]),
    },
    {
      id: 'builder',
      name: 'Builder',
      creditNanos: 25_123_456_789n,
      bonusNanos: 1n,
      prices: new Map([['usd', 2_500n]]),
    },
  ]);
  expect(offer.custom).toEqual(
    new Map([
      ['usd', { minMinor: 100n, maxMinor: 10_000n, nanosPerUnit: 1_000_000_000n }],
      ['jpy', { minMinor: 100n, maxMinor: 10_000n, nanosPerUnit: 6_250_000n }],
    ]),
  );
});

test('the offer that comes with the product is one', () => {
  const { packs, custom } = readCreditOffer(readFileSync(SEED, 'utf8'));
  expect(packs.map(({ id }) => id)).toEqual(['starter', 'builder', 'scale']);
  expect(custom.has('usd')).toBe(true);
});

test('packs alone are an offer, without any amount', () => {
  expect(readCreditOffer(`packs: []`)).toEqual({ packs: [], custom: new Map() });
});

test.each([
  ['a pack’s id', 'id: starter', 'id: Starter Pack', /"packs",\s*0,\s*"id"/],
  ['a name', 'name: Builder', 'name: ""', /"packs",\s*1,\s*"name"/],
  ['credit without quotes', `credit: '5.00'`, 'credit: 5.00', /"packs",\s*0,\s*"credit"/],
  ['no credit', `    credit: '5.00'\n`, '', /"packs",\s*0,\s*"credit"/],
  ['credit of nothing', `credit: '5.00'`, `credit: '0.00'`, /"credit"[^]*must be above 0/],
  ['credit below nothing', `credit: '5.00'`, `credit: '-5.00'`, /"credit"[^]*must be an amount/],
  ['ten decimals', `'25.123456789'`, `'25.1234567891'`, /"packs",\s*1,\s*"credit"/],
  ['a bonus', `bonus: '0.000000001'`, `bonus: 'much'`, /"packs",\s*1,\s*"bonus"/],
  ['a currency', 'jpy: ', 'JPY: ', /"price"[^]*"JPY"/],
  ['a price without quotes', `jpy: '800'`, 'jpy: 800', /"price",\s*"jpy"/],
  ['a field that is none', 'name: Starter', 'name: Starter\n    color: red', /"color"/],
  ['a limit', `max: '100.00', `, '', /"custom",\s*"usd",\s*"max"/],
  ['a rate', `creditPerUnit: '1.00'`, `creditPerUnit: '1.00 USD'`, /"usd",\s*"creditPerUnit"/],
])('%s that is wrong is named', (_what, from, to, named) => {
  expect(changed(from, to)).toThrow(named);
});

test.each([
  ['an id that is there twice', 'id: builder', 'id: starter', /two of the id starter/],
  ['least more than most', `min: '1.00'`, `min: '100.01'`, /custom, usd: min is more than max/],
  [
    'too fine a price',
    `usd: '5.00'`,
    `usd: '5.001'`,
    /packs, starter, price: Amounts in USD must be in steps of 0\.01: "5\.001"/,
  ],
  [
    'a fraction of a yen',
    `jpy: '800'`,
    `jpy: '800.5'`,
    /Amounts in JPY must be in steps of 1: "800\.5"/,
  ],
  ['a price of nothing', `usd: '5.00'`, `usd: '0.00'`, /more than 0/],
  ['a word', `usd: '5.00'`, `usd: 'five'`, /"five" is not an amount/],
])('%s is refused at the start, not when somebody buys', (_what, from, to, says) => {
  expect(changed(from, to)).toThrow(says);
});

test('a pack is sold with its bonus, at its price', () => {
  expect(termsOfPack(offer, 'builder', 'usd')).toEqual({
    packId: 'builder',
    creditNanos: 25_123_456_789n,
    bonusNanos: 1n,
    amountMinor: 2_500n,
    currency: 'usd',
  });
});

test('a pack that is not sold any more, or not in a currency', () => {
  expect(() => termsOfPack(offer, 'gone', 'usd')).toThrow(
    expect.objectContaining({ code: 'NOT_FOUND', details: { argument: 'pack' } }) as Error,
  );
  expect(() => termsOfPack(offer, 'builder', 'jpy')).toThrow(
    expect.objectContaining({
      code: 'BAD_USER_INPUT',
      message: 'Credit is not sold in JPY. Pay in USD.',
      details: { argument: 'currency' },
    }) as Error,
  );
});

test('any amount between two, both included, at a rate', () => {
  const terms = { packId: null, bonusNanos: 0n };
  expect(termsOfAmount(offer, '12.34', 'usd')).toEqual({
    ...terms,
    creditNanos: 12_340_000_000n,
    amountMinor: 1_234n,
    currency: 'usd',
  });
  expect(termsOfAmount(offer, '1000', 'jpy')).toEqual({
    ...terms,
    creditNanos: 6_250_000_000n,
    amountMinor: 1_000n,
    currency: 'jpy',
  });
  expect(termsOfAmount(offer, '1', 'usd').amountMinor).toBe(100n);
  expect(termsOfAmount(offer, '100', 'usd').amountMinor).toBe(10_000n);
  for (const text of ['0.99', '100.01']) {
    expect(() => termsOfAmount(offer, text, 'usd')).toThrow(
      'The amount must be 1.00 to 100.00 USD.',
    );
  }
  expect(() => termsOfAmount(offer, '99', 'jpy')).toThrow('The amount must be 100 to 10000 JPY.');
  expect(() => termsOfAmount(offer, '10', 'chf')).toThrow(
    'Credit is not sold in CHF. Pay in USD, JPY.',
  );
});

test('half a nano-dollar counts as one', () => {
  const fine = readCreditOffer(`
packs: []
custom: { usd: { min: '0.01', max: '10.00', creditPerUnit: '0.000000005' } }`);
  const creditOf = (text: string) => termsOfAmount(fine, text, 'usd').creditNanos;
  expect([creditOf('0.09'), creditOf('0.10'), creditOf('0.11')]).toEqual([0n, 1n, 1n]);
  expect([creditOf('0.29'), creditOf('0.30'), creditOf('0.31')]).toEqual([1n, 2n, 2n]);
});

test('the credit of an amount is never more than half a nano-dollar off, and grows with it', () => {
  const minor = fc.bigInt({ min: 1n, max: 99_999_999n });
  const nanos = fc.bigInt({ min: 0n, max: 1_000_000_000_000n });
  fc.assert(
    fc.property(minor, minor, nanos, (one, other, nanosPerUnit) => {
      const rule = { minMinor: 1n, maxMinor: 99_999_999n, nanosPerUnit };
      const any = {
        packs: [],
        custom: new Map([
          ['jpy', rule],
          ['usd', rule],
        ]),
      };
      const creditOf = (amount: bigint) =>
        termsOfAmount(
          any,
          `${String(amount / 100n)}.${String(amount % 100n).padStart(2, '0')}`,
          'usd',
        ).creditNanos;
      const off = creditOf(one) * 100n - one * nanosPerUnit;
      expect(off > -50n && off <= 50n).toBe(true);
      const [less, more] = one < other ? [one, other] : [other, one];
      expect(creditOf(less) <= creditOf(more)).toBe(true);
      // Yen have no smaller unit: nothing is rounded.
      expect(termsOfAmount(any, String(one), 'jpy').creditNanos).toBe(one * nanosPerUnit);
    }),
  );
});
