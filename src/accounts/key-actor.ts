import type { Actor } from '../platform/actor.js';
import { type AccountStanding, standingOf } from './account.js';
import { type ApiKey, scopesOfKey } from './api-key.js';

/** What a key may do, wherever it is sent from. */
export function actorOf(
  key: ApiKey & { readonly standing: AccountStanding },
): (ipAddress: string) => Actor {
  const actor = {
    accountId: key.accountId,
    userId: undefined,
    keyId: key.id,
    scopes: scopesOfKey(key.scopes),
    models: key.models.length === 0 ? undefined : new Set(key.models),
    ratePerMinute: key.ratePerMinute ?? undefined,
    ...standingOf(key.standing),
    validUntil: earliest(key.expiresAt, key.revokedAt),
  };
  return (ipAddress) => ({ ...actor, ipAddress });
}

function earliest(...dates: readonly (Date | null)[]): Date | undefined {
  const times = dates.flatMap((date) => date?.getTime() ?? []);
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}
