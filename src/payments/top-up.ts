import { formatAmount } from './currency.js';
import type { AccountId } from '../platform/ids.js';

/** When an account buys credit by itself. */
export interface TopUpPolicy {
  readonly accountId: AccountId;
  readonly enabled: boolean;
  /** Below this, credit is bought. */
  readonly thresholdNanos: bigint;
  readonly amountMinor: bigint;
  readonly currency: string;
  /** The most in a month (UTC). */
  readonly monthlyCapMinor: bigint;
  readonly consent: string;
  readonly consentedAt: Date;
  /** Attempts that failed since the last that did not. */
  readonly failures: number;
  readonly nextAttemptAt: Date;
  readonly offReason: string | null;
}

/** Hours until the next attempt, after each failure in a row; after the last, it is switched off. */
const BACK_OFF_H = [1, 12] as const;
const HOUR_MS = 3_600_000;

/** What a person agrees to; kept word by word. */
export function consentOf(
  policy: Pick<TopUpPolicy, 'amountMinor' | 'currency' | 'monthlyCapMinor' | 'thresholdNanos'>,
): string {
  const { amountMinor, currency, monthlyCapMinor, thresholdNanos } = policy;
  const code = currency.toUpperCase();
  const threshold = formatAmount((thresholdNanos + 9_999_999n) / 10_000_000n, 'usd');
  return (
    `I agree that my saved card is charged ${formatAmount(amountMinor, currency)} ${code} whenever my ` +
    `credit falls below ${threshold} USD, at most ${formatAmount(monthlyCapMinor, currency)} ${code} in ` +
    'a calendar month (UTC), until I switch it off.'
  );
}

/** When to try again after a failure; undefined: not any more. */
export function retryAfter(failures: number, now: Date): Date | undefined {
  const hours = BACK_OFF_H[failures - 1];
  return hours === undefined ? undefined : new Date(now.getTime() + hours * HOUR_MS);
}

/** Start of the month (UTC) that a moment lies in, and of the next. */
export function monthOf(at: Date): { readonly start: Date; readonly end: Date } {
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  return { start: new Date(Date.UTC(year, month)), end: new Date(Date.UTC(year, month + 1)) };
}
