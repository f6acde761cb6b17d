import { AppError } from '../errors.js';
import type { ApiKey, CapPeriod } from './api-key.js';

/** What a key is limited to, besides its spend cap. */
type Given = Pick<ApiKey, 'lineageId' | 'scopes' | 'models' | 'ratePerMinute' | 'expiresAt'>;

/**
 * A key creates no key with fewer limits than its own: otherwise none of its limits would hold.
 * @param giver undefined: a person, who has no limits
 * @param given the new key; one in the giver's own lineage has the same limits
 * @throws AppError FORBIDDEN
 */
export function refuseFewerLimits(giver: ApiKey | undefined, given: Given): void {
  if (giver === undefined || given.lineageId === giver.lineageId) return;
  const { models, ratePerMinute, spendCapNanos } = giver;
  if (
    models.length > 0 &&
    (given.models.length === 0 || given.models.some((slug) => !models.includes(slug)))
  ) {
    throw refused('models', `has to name models within this key’s own list: ${models.join(', ')}`);
  }
  if (ratePerMinute !== null && (given.ratePerMinute ?? Infinity) > ratePerMinute) {
    throw refused('ratePerMinute', `may be ${String(ratePerMinute)} at most`);
  }
  const endsAt = endOf(giver);
  if (endsAt !== undefined && (given.expiresAt?.getTime() ?? Infinity) > endsAt) {
    throw refused('expiresAt', `may be ${new Date(endsAt).toISOString()} at the latest`);
  }
  if (spendCapNanos !== null && given.scopes.includes('INFERENCE')) {
    throw new AppError(
      'FORBIDDEN',
      'A key with a spend cap cannot create or replace keys that make calls: what they spend would not count towards its cap. Use a key without a cap, or sign in.',
      { details: { argument: 'scopes' } },
    );
  }
}

/**
 * A role has no limits, so a key that has some gives none.
 * @throws AppError FORBIDDEN
 */
export function refuseLimitedKey(giver: ApiKey | undefined): void {
  if (giver === undefined) return;
  const { models, ratePerMinute, spendCapNanos } = giver;
  const isLimited =
    models.length > 0 ||
    ratePerMinute !== null ||
    spendCapNanos !== null ||
    endOf(giver) !== undefined;
  if (!isLimited) return;
  throw new AppError(
    'FORBIDDEN',
    'A key with limits of its own (models, rate, spend cap, expiry) cannot give a role, which has none. Use a key without limits, or sign in.',
  );
}

/**
 * A key does not loosen the cap that it spends from itself.
 * @param key whose cap is to be set. @throws AppError FORBIDDEN
 */
export function refuseLooserCap(
  giver: ApiKey | undefined,
  key: ApiKey,
  cap: { readonly nanos: bigint | null; readonly period: CapPeriod },
): void {
  if (giver?.spendCapNanos == null || giver.lineageId !== key.lineageId) return;
  const isTighter =
    cap.nanos !== null && cap.nanos <= giver.spendCapNanos && cap.period === giver.capPeriod;
  if (isTighter) return;
  throw new AppError(
    'FORBIDDEN',
    'A key can lower its own spend cap, but neither raise nor lift it, nor change its period. Use another key, or sign in.',
    { details: { argument: 'spendCapNanos' } },
  );
}

/** When a key ends without anybody doing anything, in milliseconds; undefined: it does not. */
function endOf({ expiresAt, revokedAt }: ApiKey): number | undefined {
  const times = [expiresAt, revokedAt].flatMap((at) => (at === null ? [] : [at.getTime()]));
  return times.length === 0 ? undefined : Math.min(...times);
}

function refused(argument: keyof Given, rule: string): AppError {
  return new AppError(
    'FORBIDDEN',
    `A key cannot create or replace a key that has fewer limits than itself: \`${argument}\` ${rule}.`,
    { details: { argument } },
  );
}
