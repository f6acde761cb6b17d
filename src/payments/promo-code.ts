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
export function normalize(code: string): string {
  const capitals = code.trim().toUpperCase();
  if (/^[A-Z0-9][A-Z0-9-]{2,38}[A-Z0-9]$/.test(capitals)) return capitals;
  throw bad('code', '`code` must have 4 to 40 letters, digits and hyphens.');
}

/** @throws AppError BAD_USER_INPUT */
export function checkPromoCode(promo: PromoCode, now: Date): void {
  if (promo.nanos <= 0n || promo.nanos > CREDIT_NANOS_MAX) {
    throw bad('nanos', '`nanos` must be more than 0 and at most 1,000,000 USD.');
  }
  if (!(promo.redemptionsMax >= 1 && promo.redemptionsMax <= 1_000_000)) {
    throw bad('redemptionsMax', '`redemptionsMax` must be between 1 and 1,000,000.');
  }
  const { creditDays, expiresAt } = promo;
  if (creditDays !== null && !(creditDays >= 1 && creditDays <= 3_650)) {
    throw bad('creditDays', '`creditDays` must be between 1 and 3,650.');
  }
  if (expiresAt !== null && expiresAt <= now)
    throw bad('expiresAt', '`expiresAt` must be in the future.');
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
