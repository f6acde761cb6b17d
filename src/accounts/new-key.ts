import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import { normalizeIpRange } from '../platform/ip-ranges.js';
import { checkName } from '../platform/name.js';
import { type CapPeriod, type KeyScope, scopesOfKey } from './api-key.js';

/** What a key is to be. */
export interface NewKey {
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly spendCapNanos?: bigint | undefined;
  readonly capPeriod?: CapPeriod | undefined;
  readonly models?: readonly string[] | undefined;
  readonly ratePerMinute?: number | undefined;
  /** Addresses and CIDR ranges; none: anywhere. */
  readonly allowedIps?: readonly string[] | undefined;
  readonly expiresAt?: Date | undefined;
}

/** What is left out stays as it is. */
export interface KeyChanges {
  readonly name?: string | undefined;
  readonly scopes?: readonly KeyScope[] | undefined;
  /** null: all models. */
  readonly models?: readonly string[] | null | undefined;
  /** null: no limit of its own. */
  readonly ratePerMinute?: number | null | undefined;
  /** null: anywhere. */
  readonly allowedIps?: readonly string[] | null | undefined;
  /** null: never. */
  readonly expiresAt?: Date | null | undefined;
  readonly cap?:
    { readonly nanos: bigint | null; readonly period?: CapPeriod | undefined } | undefined;
}

const MODELS_MAX = 100;
const SLUG_CHARS_MAX = 300;
const IPS_MAX = 100;

/** @throws AppError BAD_USER_INPUT */
export function checkNewKey(key: NewKey, now: Date): void {
  checkName(key.name);
  checkCap(key.spendCapNanos ?? null);
  checkLimits(key, now);
}

/** @throws AppError BAD_USER_INPUT */
export function checkKeyChanges(changes: KeyChanges, now: Date): void {
  if (changes.name !== undefined) checkName(changes.name);
  if (changes.cap !== undefined) checkCap(changes.cap.nanos);
  checkLimits(changes, now);
}

function checkLimits(
  { scopes, models, ratePerMinute, allowedIps, expiresAt }: Omit<KeyChanges, 'name' | 'cap'>,
  now: Date,
): void {
  if (scopes?.length === 0) throw badKey('scopes', 'A key needs at least one scope.');
  if (
    models != null &&
    (models.length > MODELS_MAX || models.some((slug) => slug.length > SLUG_CHARS_MAX))
  ) {
    throw badKey('models', `\`models\` must list at most ${String(MODELS_MAX)} models.`);
  }
  if (ratePerMinute != null && !(ratePerMinute >= 1 && ratePerMinute <= 1_000_000)) {
    throw badKey('ratePerMinute', '`ratePerMinute` must be between 1 and 1,000,000.');
  }
  if ((allowedIps?.length ?? 0) > IPS_MAX) {
    throw badKey('allowedIps', `\`allowedIps\` must list at most ${String(IPS_MAX)} addresses.`);
  }
  if (expiresAt != null && expiresAt <= now) {
    throw badKey(
      'expiresAt',
      'The key would already have expired. `expiresAt` must be in the future.',
    );
  }
}

/** @throws AppError BAD_USER_INPUT */
function checkCap(nanos: bigint | null): void {
  if (nanos !== null && nanos < 0n)
    throw badKey('spendCap.nanos', '`spendCap.nanos` must be 0 or more.');
}

/** Ranges as they are kept, each once. @throws AppError BAD_USER_INPUT that names the one that is none */
export function normalizeIps(allowedIps: readonly string[]): string[] {
  const ranges = allowedIps.map((text) => {
    const range = normalizeIpRange(text);
    if (range !== undefined) return range;
    throw badKey(
      'allowedIps',
      `"${text.slice(0, 60)}" is not an IP address or CIDR range. Use "203.0.113.7", "10.0.0.0/8" or "2001:db8::/32"; a range starts at its first address.`,
    );
  });
  return [...new Set(ranges)];
}

export function badKey(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}

/** @throws AppError FORBIDDEN when an actor would give a scope that it lacks */
export function refuseMoreThanOwn(actor: Actor, scopes: readonly KeyScope[]): void {
  const own = scopesOfKey(scopes);
  const lacking = [...own].filter((scope) => !actor.scopes.has(scope));
  if (lacking.length > 0) {
    throw new AppError(
      'FORBIDDEN',
      `You cannot grant scopes that you do not have: ${lacking.join(', ')}.`,
    );
  }
}

/** Changes as the audit log keeps them. */
export function detailsOf({ cap, ...row }: KeyChanges): Record<string, string> {
  const given = Object.entries(row).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given.map(([name, value]) => [name, shown(value)])),
    ...(cap === undefined ? {} : { spendCapNanos: String(cap.nanos), period: String(cap.period) }),
  };
}

function shown(value: KeyChanges[keyof Omit<KeyChanges, 'cap'>]): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
