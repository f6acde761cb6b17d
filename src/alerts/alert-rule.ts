import { AppError } from '../errors.js';
import type { AccountId, AlertRuleId, KeyId } from '../platform/ids.js';

export const ALERT_KINDS = {
  LOW_BALANCE: 'LOW_BALANCE',
  SPEND: 'SPEND',
  ERROR_RATE: 'ERROR_RATE',
  KEY_NEAR_CAP: 'KEY_NEAR_CAP',
} as const;
export type AlertKind = keyof typeof ALERT_KINDS;

export const BUDGET_PERIODS = { DAY: 'DAY', MONTH: 'MONTH' } as const;
export type BudgetPeriod = keyof typeof BUDGET_PERIODS;

/** When an account wants to be told; what its kind has no use for is null. */
export interface AlertRule {
  readonly id: AlertRuleId;
  readonly accountId: AccountId;
  readonly kind: AlertKind;
  readonly enabled: boolean;
  /** LOW_BALANCE: the credit is below it. SPEND: more than it was spent in the period. */
  readonly thresholdNanos: bigint | null;
  /** SPEND: from midnight, or the first of the month, UTC. */
  readonly period: BudgetPeriod | null;
  /** ERROR_RATE: of the calls in the window. KEY_NEAR_CAP: of the cap. Above 0, to 1. */
  readonly thresholdShare: number | null;
  readonly windowMinutes: number | null;
  /** ERROR_RATE: fewer calls say nothing. */
  readonly callsMin: number | null;
  /** KEY_NEAR_CAP: one key; null: each that has a cap. */
  readonly keyId: KeyId | null;
  readonly byMail: boolean;
  readonly byWebhook: boolean;
  readonly createdAt: Date;
}

/** Where a rule stands, for the account or for one of its keys. */
export interface AlertState {
  readonly ruleId: AlertRuleId;
  readonly keyId: KeyId | null;
  /** null: armed. */
  readonly firedAt: Date | null;
  /** How often it has fired. */
  readonly crossings: number;
  /** As it is now: nano-USD for LOW_BALANCE and SPEND, otherwise a share in billionths. */
  readonly value: bigint;
}

export type AlertSettings = Omit<AlertRule, 'id' | 'accountId' | 'createdAt'>;
export type NewAlertRule = Pick<AlertRule, 'kind'> &
  Partial<{ [Field in keyof AlertSettings]: AlertSettings[Field] | undefined }>;

/** A share as it is stored. */
export const SHARE_UNIT = 1_000_000_000;
const WINDOW_MINUTES_MAX = 24 * 60;
const CALLS_MIN_MAX = 1_000_000;

/**
 * What a rule says when it is checked: defaults filled in, and null what its kind has no use for.
 * @throws AppError BAD_USER_INPUT that names the argument
 */
export function checkRule(input: NewAlertRule): AlertSettings {
  const { kind, enabled = true, byMail = true, byWebhook = true } = input;
  if (!byMail && !byWebhook) {
    throw bad('byMail', 'Set `byMail`, `byWebhook` or both.');
  }
  const nothing = {
    thresholdNanos: null,
    period: null,
    thresholdShare: null,
    windowMinutes: null,
    callsMin: null,
    keyId: null,
  };
  const common = { ...nothing, kind, enabled, byMail, byWebhook };
  switch (kind) {
    case 'LOW_BALANCE':
      return { ...common, thresholdNanos: nanosOf(input) };
    case 'SPEND': {
      const { period } = input;
      if (period == null) throw bad('period', '`period` is required: DAY or MONTH.');
      return { ...common, thresholdNanos: nanosOf(input), period };
    }
    case 'ERROR_RATE': {
      const windowMinutes = input.windowMinutes ?? 60;
      const callsMin = input.callsMin ?? 20;
      within('windowMinutes', windowMinutes, WINDOW_MINUTES_MAX);
      within('callsMin', callsMin, CALLS_MIN_MAX);
      return { ...common, thresholdShare: shareOf(input), windowMinutes, callsMin };
    }
    case 'KEY_NEAR_CAP':
      return { ...common, thresholdShare: shareOf(input), keyId: input.keyId ?? null };
  }
}

function nanosOf({ thresholdNanos }: NewAlertRule): bigint {
  if (thresholdNanos != null && thresholdNanos > 0n) return thresholdNanos;
  throw bad('thresholdNanos', 'This kind of alert requires `thresholdNanos`, above 0.');
}

function shareOf({ thresholdShare }: NewAlertRule): number {
  if (thresholdShare != null && thresholdShare > 0 && thresholdShare <= 1) return thresholdShare;
  throw bad('thresholdShare', 'This kind of alert requires `thresholdShare`, above 0 and up to 1.');
}

function within(argument: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw bad(argument, `\`${argument}\` must be between 1 and ${String(most)}.`);
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
