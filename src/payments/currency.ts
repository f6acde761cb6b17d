import { AppError } from '../errors.js';

/**
 * Digits after the point that amounts are sent to Stripe with; two where nothing is said
 * (docs.stripe.com/currencies). ISK and UGX have no smaller unit, yet are sent with two digits, both 0.
 */
const DECIMALS: Readonly<Record<string, number>> = {
  ...of(0, 'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'),
  ...of(3, 'bhd jod kwd omr tnd'),
};
/** Amounts are multiples of this many minor units. */
const STEP: Readonly<Record<string, bigint>> = {
  ...ofStep(100n, 'isk ugx'),
  ...ofStep(10n, 'bhd jod kwd omr tnd'),
};
/** Stripe takes eight digits. */
const AMOUNT_MINOR_MAX = 99_999_999n;

/** @param currency ISO 4217, in lower case */
export function decimalsOf(currency: string): number {
  return DECIMALS[currency] ?? 2;
}

/**
 * "12.5" in USD as 1250 cents, "12" in JPY as 12 yen.
 * @throws AppError BAD_USER_INPUT for what is no amount above 0, or finer than the currency
 */
export function parseAmount(text: string, currency: string): bigint {
  const decimals = decimalsOf(currency);
  const match = /^(\d{1,12})(?:\.(\d{1,12}))?$/.exec(text);
  if (match === null) {
    throw badAmount(`"${text.slice(0, 40)}" is not an amount. Write it as "25" or "12.50".`);
  }
  const [, whole = '', fraction = ''] = match;
  const step = STEP[currency] ?? 1n;
  const minor = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  if (/[1-9]/.test(fraction.slice(decimals)) || minor % step !== 0n) {
    const finest = formatAmount(step, currency);
    throw badAmount(
      `Amounts in ${currency.toUpperCase()} must be in steps of ${finest}: "${text}" is finer.`,
    );
  }
  if (minor === 0n) throw badAmount('The amount must be more than 0.');
  if (minor > AMOUNT_MINOR_MAX) {
    throw badAmount(`The amount must be at most ${formatAmount(AMOUNT_MINOR_MAX, currency)}.`);
  }
  return minor;
}

/** 1250 as "12.50" in USD. */
export function formatAmount(minor: bigint, currency: string): string {
  const decimals = decimalsOf(currency);
  const sign = minor < 0n ? '-' : '';
  const digits = String(minor < 0n ? -minor : minor).padStart(decimals + 1, '0');
  if (decimals === 0) return sign + digits;
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

function badAmount(message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'amount' } });
}

function of(decimals: number, currencies: string): Record<string, number> {
  return Object.fromEntries(currencies.split(' ').map((currency) => [currency, decimals]));
}

function ofStep(step: bigint, currencies: string): Record<string, bigint> {
  return Object.fromEntries(currencies.split(' ').map((currency) => [currency, step]));
}
