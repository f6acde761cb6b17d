import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.js';
import { type Actor, requireRecentProof } from '../platform/actor.js';
import type { Database } from '../platform/database.js';
import { type AccountId, type KeyId, newId } from '../platform/ids.js';
import { readNow } from '../platform/now.store.js';
import { type ApiKey, createSecret, hashSecret, looksLikeKey } from './api-key.js';
import { insertAuditEvent } from '../platform/audit.store.js';
import { actorOf } from './key-actor.js';
import {
  refuseFewerLimits,
  refuseLooserCap,
  refuseLooserLimits,
  refuseMoreForMaker,
} from './key-limits.js';
import * as store from './keys.store.js';
import {
  badKey,
  checkKeyChanges,
  checkNewKey,
  type KeyChanges,
  type NewKey,
  refuseMoreThanOwn,
  detailsOf,
} from './new-key.js';
import { sharedLookup } from './shared-lookup.js';

/** What can be changed of a key; what is left out stays. */
/** The only time that the secret is shown. */
export interface CreatedKey {
  readonly key: ApiKey;
  readonly secret: string;
}

export interface RotatedKey extends CreatedKey {
  /** The old one, which works until its `revokedAt`. */
  readonly replaced: ApiKey;
}

const KEYS_MAX = 100;
const GRACE_HOURS_MAX = 24 * 30;

/** A look-up is believed for this long, should the announcement of a change be lost. */
const CACHE_MS = 5_000;
const CACHE_KEYS_MAX = 50_000;

interface CachedKey {
  readonly key: ApiKey;
  readonly actorOf: (ipAddress: string) => Actor;
  /** When it is revoked or expires, by `performance.now()`; may be infinite. */
  readonly endsAtMs: number;
}

/** Keeps an account's API keys, and tells who sends one. */
export class KeysService {
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
   *   the same for each
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
      entry = { key, actorOf: actorOf(key), endsAtMs: askedAtMs + (key.endsInMs ?? Infinity) };
      if (this.changes === before) {
        this.cache.set(cacheKey, entry);
        this.hashesById.set(key.id, cacheKey);
      }
    }
    const nowMs = performance.now();
    if (nowMs >= entry.endsAtMs) throw notValid();
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

  list(accountId: AccountId): Promise<readonly ApiKey[]> {
    return store.listKeys(this.db, accountId);
  }

  /** Revoked or not. @throws AppError NOT_FOUND when the account has no such key */
  async get(accountId: AccountId, keyId: KeyId): Promise<ApiKey> {
    const key = await store.findKey(this.db, accountId, keyId);
    if (key === undefined) throw noSuchKey();
    return key;
  }

  /** @throws AppError BAD_USER_INPUT; FORBIDDEN when the caller would give what it does not have, or fewer limits */
  async create(actor: Actor, accountId: AccountId, input: NewKey): Promise<CreatedKey> {
    checkNewKey(input, await readNow(this.db));
    refuseMoreThanOwn(actor, input.scopes);
    if (input.scopes.includes('ADMIN')) await requireRecentProof(actor);
    const secret = createSecret();
    const key = await this.db.transaction(async (tx) => {
      if ((await store.countLiveKeys(tx, accountId)) >= KEYS_MAX) {
        throw new AppError(
          'CONFLICT',
          `The account already has ${String(KEYS_MAX)} keys. Revoke one before creating another.`,
        );
      }
      const id = newId('key');
      const row = {
        id,
        lineageId: id,
        accountId,
        name: input.name.trim(),
        scopes: [...new Set(input.scopes)],
        models: input.models ?? [],
        ratePerMinute: input.ratePerMinute ?? null,
        expiresAt: input.expiresAt ?? null,
      };
      refuseFewerLimits(await store.findOwnKey(tx, actor, accountId), row);
      const created = await store.insertKey(tx, row, secret, actor.userId ?? actor.keyId ?? null);
      const { spendCapNanos, capPeriod = 'MONTH' } = input;
      if (spendCapNanos !== undefined) await store.setCap(tx, id, spendCapNanos, capPeriod);
      await insertAuditEvent(tx, { actor, accountId, action: 'key.created', target: id });
      return { ...created, spendCapNanos: spendCapNanos ?? null, capPeriod };
    });
    return { key, secret: secret.secret };
  }

  /**
   * Changes a key. The spend cap (null lifts it) is shared with the keys that it was rotated from and to; what they spent in
   * the period counts.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT; FORBIDDEN when the caller would give what it does not have, or a key would
   *   loosen limits of its own
   */
  async change(
    actor: Actor,
    accountId: AccountId,
    keyId: KeyId,
    changes: KeyChanges,
  ): Promise<ApiKey> {
    const { cap, ...row } = changes;
    checkKeyChanges(changes, await readNow(this.db));
    if (row.scopes !== undefined) refuseMoreThanOwn(actor, row.scopes);
    const { scopes: before } = await this.get(accountId, keyId);
    const rights = { ...changes, name: undefined };
    const changesRights = Object.values(rights).some((change) => change !== undefined);
    const concernsAdmin = [...before, ...(row.scopes ?? [])].includes('ADMIN');
    if (changesRights && concernsAdmin) await requireRecentProof(actor);
    const changed = await this.db.transaction(async (tx) => {
      // A rotation copies the key as it is: one comes after the other.
      await store.lockLineage(tx, accountId, keyId);
      const old = await store.findKey(tx, accountId, keyId);
      if (old === undefined) throw noSuchKey();
      refuseMoreForMaker(actor, old, row.scopes ?? []);
      const own = await store.findOwnKey(tx, actor, accountId);
      const newCap = cap && { nanos: cap.nanos, period: cap.period ?? old.capPeriod };
      if (newCap !== undefined) refuseLooserCap(own, old, newCap);
      refuseLooserLimits(own, old, row);
      await store.updateKey(tx, accountId, keyId, { ...row, name: row.name?.trim() });
      if (newCap !== undefined) await store.setCap(tx, keyId, newCap.nanos, newCap.period);
      const event = { actor, accountId, action: 'key.changed', target: keyId } as const;
      await insertAuditEvent(tx, { ...event, details: detailsOf({ ...row, cap: newCap }) });
      const key = await store.findKey(tx, accountId, keyId);
      if (key === undefined) throw noSuchKey();
      return key;
    });
    this.forget(keyId);
    return changed;
  }

  /**
   * Replaces a key by one of the same kind; the old one works for a while longer. Both share the spend cap, and what
   * was spent of it.
   * @param graceHours 0–720
   * @throws AppError NOT_FOUND; CONFLICT when it was revoked or rotated before; FORBIDDEN as `create`
   */
  async rotate(
    actor: Actor,
    accountId: AccountId,
    keyId: KeyId,
    graceHours: number,
  ): Promise<RotatedKey> {
    if (!(graceHours >= 0 && graceHours <= GRACE_HOURS_MAX)) {
      throw badKey(
        'graceHours',
        `\`graceHours\` must be between 0 and ${String(GRACE_HOURS_MAX)}.`,
      );
    }
    const { scopes } = await this.get(accountId, keyId);
    if (scopes.includes('ADMIN')) await requireRecentProof(actor);
    const secret = createSecret();
    const rotated = await this.db.transaction(async (tx) => {
      const lineageId = await store.lockLineage(tx, accountId, keyId);
      const old = await store.findKey(tx, accountId, keyId);
      if (lineageId === undefined || old === undefined) throw noSuchKey();
      if (old.revokedAt !== null)
        throw new AppError('CONFLICT', 'The key has already been revoked or rotated.');
      refuseMoreThanOwn(actor, old.scopes);
      refuseFewerLimits(await store.findOwnKey(tx, actor, accountId), old);
      const id = newId('key');
      const key = await store.insertKey(
        tx,
        { ...pickCopied(old), id, lineageId },
        secret,
        actor.userId ?? actor.keyId ?? null,
      );
      await store.replaceKey(tx, keyId, { by: id, graceHours });
      await insertAuditEvent(tx, {
        actor,
        accountId,
        action: 'key.rotated',
        target: keyId,
        details: { replacedBy: id },
      });
      return { key, replaced: (await store.findKey(tx, accountId, keyId)) ?? old };
    });
    this.forget(keyId);
    return { ...rotated, secret: secret.secret };
  }

  /** Ends a key at once. May be repeated. @throws AppError NOT_FOUND */
  async revoke(actor: Actor, accountId: AccountId, keyId: KeyId): Promise<ApiKey> {
    const revoked = await this.db.transaction(async (tx) => {
      const key = await store.findKey(tx, accountId, keyId);
      if (key === undefined) throw noSuchKey();
      if (!(await store.revokeKey(tx, keyId))) return key;
      await insertAuditEvent(tx, { actor, accountId, action: 'key.revoked', target: keyId });
      return (await store.findKey(tx, accountId, keyId)) ?? key;
    });
    this.forget(keyId);
    return revoked;
  }
}

function pickCopied(key: ApiKey) {
  const { accountId, name, scopes, models, ratePerMinute, expiresAt } = key;
  const { spendCapNanos, capPeriod } = key;
  return { accountId, name, scopes, models, ratePerMinute, expiresAt, spendCapNanos, capPeriod };
}

function notValid(): AppError {
  return new AppError('UNAUTHENTICATED', 'The API key is not valid.');
}

function noSuchKey(): AppError {
  return new AppError('NOT_FOUND', 'API key not found.');
}
