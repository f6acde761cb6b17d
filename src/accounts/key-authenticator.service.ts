import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import type { Database } from '../platform/database.js';
import type { KeyId } from '../platform/ids.js';
import { type ApiKey, hashSecret, looksLikeKey } from './api-key.js';
import { ipRangeTest } from '../platform/ip-ranges.js';
import { actorOf } from './key-actor.js';
import * as store from './keys.store.js';
import { sharedLookup } from './shared-lookup.js';

/** A look-up is believed for this long, should the announcement of a change be lost. */
const CACHE_MS = 5_000;
const CACHE_KEYS_MAX = 50_000;

interface CachedKey {
  readonly key: ApiKey;
  readonly actorOf: (ipAddress: string) => Actor;
  readonly mayComeFrom: (ipAddress: string) => boolean;
  /** When it is revoked or expires, by `performance.now()`; may be infinite. */
  readonly endsAtMs: number;
}

/** Tells who sends an API key. */
export class KeyAuthenticator {
  private readonly cache = new LRUCache<string, CachedKey>({
    max: CACHE_KEYS_MAX,
    ttl: CACHE_MS,
    dispose: ({ key }) => this.hashesById.delete(key.id),
  });
  private readonly hashesById = new Map<KeyId, string>();
  /** Raised by each change: a look-up that began before is not kept. */
  private changes = 0;
  /** When each key was last used, by `performance.now()`. */
  private uses = new Map<KeyId, number>();
  private readonly find = sharedLookup((hashes: readonly Buffer[]) =>
    store.findKeysByHash(this.db, hashes),
  );

  constructor(private readonly db: Database) {}

  /**
   * Whose secret this is. Cached for at most 5 s, and until the key or its account changes.
   * @param options `again`: skips the cache
   * @throws AppError UNAUTHENTICATED for a key that is unknown, expired, revoked, or of a closed account:
   *   the same for each; FORBIDDEN from an address that the key is not for
   */
  async authenticate(
    secret: string,
    ipAddress: string,
    { again = false }: { again?: boolean } = {},
  ): Promise<Actor> {
    if (!looksLikeKey(secret)) throw notValid();
    const hash = hashSecret(secret);
    const cacheKey = hash.toString('base64');
    let entry = again ? undefined : this.cache.get(cacheKey);
    if (entry === undefined) {
      const before = this.changes;
      const askedAtMs = performance.now();
      const key = await this.find(hash);
      if (key === undefined) {
        this.cache.delete(cacheKey);
        throw notValid();
      }
      // The database says how long it works still: it counts from there, whatever this server's clock says.
      entry = {
        key,
        actorOf: actorOf(key),
        mayComeFrom: ipRangeTest(key.allowedIps),
        endsAtMs: askedAtMs + (key.endsInMs ?? Infinity),
      };
      if (this.changes === before) {
        this.cache.set(cacheKey, entry);
        this.hashesById.set(key.id, cacheKey);
      }
    }
    const nowMs = performance.now();
    if (nowMs >= entry.endsAtMs) throw notValid();
    if (!entry.mayComeFrom(ipAddress)) throw notFromThere(ipAddress);
    this.uses.set(entry.key.id, nowMs);
    return entry.actorOf(ipAddress);
  }

  /** Forgets what is cached of a key; of all keys without one. */
  forget(keyId?: KeyId): void {
    this.changes += 1;
    if (keyId === undefined) {
      this.cache.clear();
      return;
    }
    const hash = this.hashesById.get(keyId);
    if (hash !== undefined) this.cache.delete(hash);
  }

  /** Writes down when keys were last used. For a timer; what it cannot write it keeps. */
  async writeUses(): Promise<void> {
    if (this.uses.size === 0) return;
    const uses = this.uses;
    this.uses = new Map();
    try {
      const nowMs = performance.now();
      const ages = [...uses].map(([id, usedAtMs]) => [id, nowMs - usedAtMs] as const);
      await store.touchKeys(this.db, new Map(ages));
    } catch (error) {
      this.uses = new Map([...uses, ...this.uses]);
      throw error;
    }
  }
}

/** Says so: whoever has the key knows that it is one, and its owner has to find out what is wrong. */
function notFromThere(ipAddress: string): AppError {
  return new AppError(
    'FORBIDDEN',
    `The API key cannot be used from ${ipAddress}, which is not among its allowed IP addresses.`,
    { details: { ipAddress } },
  );
}

function notValid(): AppError {
  return new AppError('UNAUTHENTICATED', 'The API key is not valid.');
}
