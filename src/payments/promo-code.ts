import { AppError } from '../errors.js';
import type { AccountId } from '../platform/ids.js';

/** A code that gives credit, once for each account and each person. */
export interface PromoCode {
  /** In capitals. */
  readonly code: string;
  readonly nanos: bigint;
  /** How long its credit lasts; null: it stays. */
  readonly creditDays: number | null;
  readonly redemptionsMax: number;
  readonly expiresAt: Date | null;
}

/** A code as operators see it. */
export interface ManagedPromoCode extends PromoCode {
  /** As `user:…` or `system`. */
  readonly createdBy: string;
  readonly createdAt: Date;
  /** Over before its time. */
  readonly disabledAt: Date | null;
  readonly redemptionCount: number;
  /** The latest, at most 10. */
  readonly redemptions: readonly { readonly accountId: AccountId; readonly redeemedAt: Date }[];
}

const CREDIT_NANOS_MAX = 1_000_000n * 1_000_000_000n;

/** As people type it. @throws AppError BAD_USER_INPUT unless 4 to 40 letters, digits and hyphens */
export function normalise(code: string): string {
  const capitals = code.trim().toUpperCase();
  if (/^[A-Z0-9][A-Z0-9-]{2,38}[A-Z0-9]$/.test(capitals)) return capitals;
  throw bad('code', 'A code has 4 to 40 letters, digits and hyphens.');
}

/** @throws AppError BAD_USER_INPUT */
export function checkPromoCode(promo: PromoCode, now: Date): void {
  if (promo.nanos <= 0n || promo.nanos > CREDIT_NANOS_MAX) {
    throw bad('nanos', 'A code gives more than 0, and at most a million dollars.');
  }
  if (!(promo.redemptionsMax >= 1 && promo.redemptionsMax <= 1_000_000)) {
    throw bad('redemptionsMax', 'A code may be used 1 to 1,000,000 times.');
  }
  const { creditDays, expiresAt } = promo;
  if (creditDays !== null && !(creditDays >= 1 && creditDays <= 3_650)) {
    throw bad('creditDays', 'Its credit lasts 1 to 3,650 days.');
  }
  if (expiresAt !== null && expiresAt <= now)
    throw bad('expiresAt', 'The code would be over already.');
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
