import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import { areWithin } from '../platform/ip-ranges.js';
import type { ApiKey, CapPeriod } from './api-key.js';
import type { KeyChanges } from './new-key.js';

/** What a key is limited to, besides its spend cap. */
type Given = Pick<
  ApiKey,
  'lineageId' | 'scopes' | 'models' | 'ratePerMinute' | 'allowedIps' | 'expiresAt'
>;

/**
 * A key creates no key with fewer limits than its own: otherwise none of its limits would hold.
 * @param giver undefined: a person, who has no limits
 * @param given the new key; one in the giver's own lineage shares its cap, but may have other limits
 * @throws AppError FORBIDDEN
 */
export function refuseFewerLimits(giver: ApiKey | undefined, given: Given): void {
  if (giver === undefined) return;
  const { models, ratePerMinute, spendCapNanos } = giver;
  if (
    models.length > 0 &&
    (given.models.length === 0 || given.models.some((slug) => !models.includes(slug)))
  ) {
    throw refused('models', `must be a subset of this key’s models: ${models.join(', ')}`);
  }
  if (ratePerMinute !== null && (given.ratePerMinute ?? Infinity) > ratePerMinute) {
    throw refused('ratePerMinute', `must be at most ${String(ratePerMinute)}`);
  }
  if (!areWithin(given.allowedIps, giver.allowedIps)) {
    throw refused('allowedIps', `must lie within this key’s: ${giver.allowedIps.join(', ')}`);
  }
  const endsAt = endOf(giver);
  if (endsAt !== undefined && (given.expiresAt?.getTime() ?? Infinity) > endsAt) {
    throw refused('expiresAt', `must be no later than ${new Date(endsAt).toISOString()}`);
  }
  const isOtherLineage = given.lineageId !== giver.lineageId;
  if (isOtherLineage && spendCapNanos !== null && given.scopes.includes('INFERENCE')) {
    throw new AppError(
      'FORBIDDEN',
      'A key with a spend cap cannot create or rotate keys that make calls, as their spend would not count towards its cap. Use a key without a cap, or sign in.',
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
    giver.allowedIps.length > 0 ||
    endOf(giver) !== undefined;
  if (!isLimited) return;
  throw new AppError(
    'FORBIDDEN',
    'A key with limits (models, rate, spend cap, IP addresses or expiry) cannot grant roles, which have no limits. Use a key without limits, or sign in.',
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
    'A key can lower its own spend cap, but cannot raise it, remove it or change its period. Use another key, or sign in.',
    { details: { argument: 'spendCap' } },
  );
}

/**
 * A key does not change what it is limited to, and gives no other key fewer limits than its own.
 * @param key that is to be changed. @throws AppError FORBIDDEN
 */
export function refuseLooserLimits(
  giver: ApiKey | undefined,
  key: ApiKey,
  { scopes, models, ratePerMinute, allowedIps, expiresAt }: Omit<KeyChanges, 'name' | 'cap'>,
): void {
  const asked = [scopes, models, ratePerMinute, allowedIps, expiresAt];
  if (giver === undefined || asked.every((change) => change === undefined)) return;
  if (giver.lineageId === key.lineageId) {
    throw new AppError(
      'FORBIDDEN',
      'A key cannot change its own scopes, models, rate limit, IP addresses or expiry. Use another key, or sign in.',
    );
  }
  refuseFewerLimits(giver, {
    lineageId: key.lineageId,
    scopes: scopes ?? key.scopes,
    models: models === undefined ? key.models : (models ?? []),
    ratePerMinute: ratePerMinute === undefined ? key.ratePerMinute : ratePerMinute,
    allowedIps: allowedIps === undefined ? key.allowedIps : (allowedIps ?? []),
    expiresAt: expiresAt === undefined ? key.expiresAt : expiresAt,
  });
}

/**
 * Only the creator adds scopes to a key: a key is revoked with its creator's membership, not with that of whoever added
 * scopes later.
 * @throws AppError FORBIDDEN
 */
export function refuseMoreForMaker(
  actor: Pick<Actor, 'userId' | 'keyId'>,
  key: ApiKey,
  scopes: ApiKey['scopes'],
): void {
  const isMaker = key.createdBy !== null && key.createdBy === (actor.userId ?? actor.keyId);
  if (isMaker || scopes.every((scope) => key.scopes.includes(scope))) return;
  throw new AppError(
    'FORBIDDEN',
    'Only its creator can add scopes to a key. Create a new key instead.',
    { details: { argument: 'scopes' } },
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
    `A key cannot create or rotate keys with looser limits than its own: \`${argument}\` ${rule}.`,
    { details: { argument } },
  );
}
