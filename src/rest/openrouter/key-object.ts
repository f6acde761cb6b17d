import { z } from 'zod';
import type { ApiKey, CapPeriod } from '../../accounts/index.js';
import type { KeySpending } from '../../usage/index.js';
import { toUsdNumber } from '../money.js';

/** How a limit is set back, by OpenRouter's names; null: never. There is no weekly one here. */
export const PERIOD_OF_RESET = { daily: 'DAY', monthly: 'MONTH' } as const;
const RESET_OF_PERIOD: Readonly<Record<CapPeriod, string | null>> = {
  DAY: 'daily',
  MONTH: 'monthly',
  TOTAL: null,
};

const Usd = z.number();

/** What a key may spend, and has spent, in US dollars. Keys of other providers do not exist here. */
export const KeySpendingObject = z.object({
  limit: Usd.nullable(),
  limit_remaining: Usd.nullable().meta({ description: 'Calls in flight are counted as spent' }),
  limit_reset: z.string().nullable().meta({ description: 'daily, monthly, or null: never' }),
  include_byok_in_limit: z.boolean(),
  usage: Usd,
  usage_daily: Usd,
  usage_weekly: Usd,
  usage_monthly: Usd,
  byok_usage: Usd,
  byok_usage_daily: Usd,
  byok_usage_weekly: Usd,
  byok_usage_monthly: Usd,
});

export const KeyObject = KeySpendingObject.extend({
  hash: z.string().meta({ description: 'Id of the key, `key_…`' }),
  name: z.string(),
  label: z.string().meta({ description: 'How the secret begins and ends' }),
  disabled: z.boolean(),
  created_at: z.string(),
  updated_at: z.null(),
  expires_at: z.string().nullable(),
  creator_user_id: z.string().nullable(),
  allowed_ips: z.array(z.string()).meta({ description: 'Of gigarouter; none: everywhere' }),
  external_user: z.null(),
  workspace_id: z.string().meta({ description: 'Id of the account' }),
});

export function toSpendingObject(
  { spendCapNanos, capPeriod }: ApiKey,
  spending: KeySpending | undefined,
): z.infer<typeof KeySpendingObject> {
  const { totalNanos = 0n, dayNanos = 0n, weekNanos = 0n, monthNanos = 0n } = spending ?? {};
  const left = spending === undefined ? spendCapNanos : spending.capLeftNanos;
  return {
    limit: spendCapNanos === null ? null : toUsdNumber(spendCapNanos),
    limit_remaining: left === null ? null : toUsdNumber(left),
    limit_reset: spendCapNanos === null ? null : RESET_OF_PERIOD[capPeriod],
    include_byok_in_limit: false,
    usage: toUsdNumber(totalNanos),
    usage_daily: toUsdNumber(dayNanos),
    usage_weekly: toUsdNumber(weekNanos),
    usage_monthly: toUsdNumber(monthNanos),
    byok_usage: 0,
    byok_usage_daily: 0,
    byok_usage_weekly: 0,
    byok_usage_monthly: 0,
  };
}

/** @param spending undefined: it is new */
export function toKeyObject(
  key: ApiKey,
  spending: KeySpending | undefined,
): z.infer<typeof KeyObject> {
  return {
    hash: key.id,
    name: key.name,
    label: labelOf(key),
    disabled: key.isRevoked,
    ...toSpendingObject(key, spending),
    created_at: key.createdAt.toISOString(),
    updated_at: null,
    expires_at: key.expiresAt?.toISOString() ?? null,
    creator_user_id: key.createdBy?.startsWith('usr_') === true ? key.createdBy : null,
    allowed_ips: [...key.allowedIps],
    external_user: null,
    workspace_id: key.accountId,
  };
}

export function labelOf({ prefix, lastFour }: Pick<ApiKey, 'prefix' | 'lastFour'>): string {
  return `${prefix}...${lastFour}`;
}
