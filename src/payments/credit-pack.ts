import { parse } from 'yaml';
import { z } from 'zod';
import { AppError } from '../errors.js';
import { decimalsOf, formatAmount, parseAmount } from './currency.js';

/** Credit that is offered for a price in each of some currencies. */
export interface CreditPack {
  readonly id: string;
  readonly name: string;
  readonly creditNanos: bigint;
  readonly bonusNanos: bigint;
  /** In minor units, by currency in lower case. */
  readonly prices: ReadonlyMap<string, bigint>;
}

/** Any amount between two, at a rate. */
export interface CustomAmount {
  readonly minMinor: bigint;
  readonly maxMinor: bigint;
  /** Nano-USD of credit for one whole unit of the currency. */
  readonly nanosPerUnit: bigint;
}

export interface CreditOffer {
  readonly packs: readonly CreditPack[];
  /** By currency in lower case. */
  readonly custom: ReadonlyMap<string, CustomAmount>;
}

/** What a purchase costs and gives. */
export interface Terms {
  readonly packId: string | null;
  readonly creditNanos: bigint;
  readonly bonusNanos: bigint;
  readonly amountMinor: bigint;
  readonly currency: string;
}

const NANOS = 1_000_000_000n;
const currency = z.string().regex(/^[a-z]{3}$/, 'must be a currency in lower case, as usd');
const amount = z.string();
/** US dollars with up to nine decimals. */
const credit = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, 'must be an amount, as "10.00", in quotes')
  .transform((text) => {
    const [whole = '', fraction = ''] = text.split('.');
    return BigInt(whole) * NANOS + BigInt(fraction.padEnd(9, '0'));
  });
const File = z.strictObject({
  packs: z.array(
    z.strictObject({
      id: z.string().regex(/^[a-z0-9-]{1,40}$/),
      name: z.string().min(1).max(100),
      credit: credit.refine((nanos) => nanos > 0n, 'must be above 0'),
      bonus: credit.default(0n),
      price: z.record(currency, amount),
    }),
  ),
  custom: z
    .record(currency, z.strictObject({ min: amount, max: amount, creditPerUnit: credit }))
    .default({}),
});

/** Reads what is offered. @param yaml as prisma/seed/credit-packs.yaml @throws Error that names the place */
export function readCreditOffer(yaml: string): CreditOffer {
  const file = File.parse(parse(yaml));
  const ids = file.packs.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) throw new Error(`packs: there are two of the id ${twice}.`);
  return {
    packs: file.packs.map(({ id, name, credit: creditNanos, bonus: bonusNanos, price }) => ({
      id,
      name,
      creditNanos,
      bonusNanos,
      prices: new Map(
        Object.entries(price).map(([code, text]) => [
          code,
          readAmount(text, code, `packs, ${id}, price`),
        ]),
      ),
    })),
    custom: new Map(
      Object.entries(file.custom).map(([code, { min, max, creditPerUnit }]) => {
        const at = `custom, ${code}`;
        const minMinor = readAmount(min, code, `${at}, min`);
        const maxMinor = readAmount(max, code, `${at}, max`);
        if (minMinor > maxMinor) throw new Error(`${at}: min is more than max.`);
        return [code, { minMinor, maxMinor, nanosPerUnit: creditPerUnit }];
      }),
    ),
  };
}

function readAmount(text: string, code: string, place: string): bigint {
  try {
    return parseAmount(text, code);
  } catch (cause) {
    throw new Error(`${place}: ${(cause as Error).message}`, { cause });
  }
}

/** @throws AppError BAD_USER_INPUT, NOT_FOUND for a pack that is not sold (any more) */
export function termsOfPack({ packs }: CreditOffer, id: string, code: string): Terms {
  const pack = packs.find((one) => one.id === id);
  if (pack === undefined) {
    throw new AppError(
      'NOT_FOUND',
      'This credit pack is no longer for sale. Query `creditPacks` for the current ones.',
      {
        details: { argument: 'pack' },
      },
    );
  }
  const amountMinor = pack.prices.get(code);
  if (amountMinor === undefined) throw unknownCurrency(code, pack.prices.keys());
  const { creditNanos, bonusNanos } = pack;
  return { packId: id, creditNanos, bonusNanos, amountMinor, currency: code };
}

/** @throws AppError BAD_USER_INPUT */
export function termsOfAmount({ custom }: CreditOffer, text: string, code: string): Terms {
  const rule = custom.get(code);
  if (rule === undefined) throw unknownCurrency(code, custom.keys());
  const amountMinor = parseAmount(text, code);
  const { minMinor, maxMinor, nanosPerUnit } = rule;
  if (amountMinor < minMinor || amountMinor > maxMinor) {
    const [least, most] = [formatAmount(minMinor, code), formatAmount(maxMinor, code)];
    throw new AppError(
      'BAD_USER_INPUT',
      `The amount must be ${least} to ${most} ${code.toUpperCase()}.`,
      {
        details: { argument: 'amount' },
      },
    );
  }
  const minorPerUnit = 10n ** BigInt(decimalsOf(code));
  const creditNanos = (amountMinor * nanosPerUnit * 2n + minorPerUnit) / (minorPerUnit * 2n);
  return { packId: null, creditNanos, bonusNanos: 0n, amountMinor, currency: code };
}

function unknownCurrency(code: string, known: Iterable<string>): AppError {
  const codes = [...known].map((one) => one.toUpperCase()).join(', ');
  const name = code.slice(0, 10).toUpperCase();
  const instead = codes === '' ? 'Choose one of `creditPacks`.' : `Pay in ${codes}.`;
  return new AppError('BAD_USER_INPUT', `Credit is not sold in ${name}. ${instead}`, {
    details: { argument: 'currency' },
  });
}
