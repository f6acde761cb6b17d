import { AppError } from '../errors.js';
import { type Actor, requireRecentProof } from '../platform/actor.js';
import type { Database } from '../platform/database.js';
import { type AccountId, type KeyId, newId } from '../platform/ids.js';
import { readNow } from '../platform/now.store.js';
import { type ApiKey, createSecret } from './api-key.js';
import { insertAuditEvent } from '../platform/audit.store.js';
import type { KeyAuthenticator } from './key-authenticator.service.js';
import {
  refuseFewerLimits,
  refuseLooserCap,
  refuseLooserLimits,
  refuseMoreForMaker,
} from './key-limits.js';
import { findCaps } from './key-cap.store.js';
import type { KeyCap } from './key-cap.js';
import { checkKeyFilter, type KeyPage, type ListedKey } from './key-list.js';
import { listKeys } from './key-list.store.js';
import * as store from './keys.store.js';
import {
  badKey,
  checkKeyChanges,
  checkNewKey,
  type KeyChanges,
  type NewKey,
  normalizeIps,
  refuseMoreThanOwn,
  detailsOf,
} from './new-key.js';

/** The only time that the secret is shown. */
export interface CreatedKey {
  readonly key: ApiKey;
  readonly secret: string;
}

export interface RotatedKey extends CreatedKey {
  /** The old one, which works until its `revokedAt`. */
  readonly replaced: ApiKey;
}

const GRACE_HOURS_MAX = 24 * 30;

export interface KeysParts {
  readonly db: Database;
  readonly authenticator: Pick<KeyAuthenticator, 'forget'>;
  readonly catalog: ModelNames;
  /** That an account may have at a time. */
  readonly keysPerAccount: number;
}

/** What keys need to know of models. */
export interface ModelNames {
  /** The present slug of each that there is, by what it was asked for: a slug, an alias or an id. */
  findSlugs(keys: readonly string[]): Promise<ReadonlyMap<string, string>>;
}

/** Keeps an account's API keys. */
export class KeysService {
  private readonly db: Database;

  constructor(private readonly parts: KeysParts) {
    this.db = parts.db;
  }

  /** @throws AppError BAD_USER_INPUT for a filter that lets nothing through */
  list(accountId: AccountId, page: KeyPage): Promise<readonly ListedKey[]> {
    checkKeyFilter(page.filter ?? {});
    return listKeys(this.db, accountId, page);
  }

  /** Caps of those keys that have one, of any account. */
  caps(ids: readonly KeyId[]): Promise<ReadonlyMap<KeyId, KeyCap>> {
    return findCaps(this.db, ids);
  }

  /** Keys with these ids, of any account, revoked or not; those that there are. */
  async findMany(ids: readonly KeyId[]): Promise<ReadonlyMap<KeyId, ApiKey>> {
    const keys = await store.findKeys(this.db, ids);
    return new Map(keys.map((key) => [key.id, key]));
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
    const models = await this.slugsOf(input.models ?? []);
    const allowedIps = normalizeIps(input.allowedIps ?? []);
    const secret = createSecret();
    const key = await this.db.transaction(async (tx) => {
      const { keysPerAccount } = this.parts;
      if ((await store.countLiveKeys(tx, accountId)) >= keysPerAccount) {
        throw new AppError(
          'CONFLICT',
          `The account already has ${String(keysPerAccount)} keys. Revoke one before creating another.`,
        );
      }
      const id = newId('key');
      const row = {
        id,
        lineageId: id,
        accountId,
        name: input.name.trim(),
        scopes: [...new Set(input.scopes)],
        models,
        ratePerMinute: input.ratePerMinute ?? null,
        allowedIps,
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
    checkKeyChanges(changes, await readNow(this.db));
    const { cap, ...row } = await this.normalize(changes);
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
      const addedScopes = (row.scopes ?? []).filter((scope) => !old.scopes.includes(scope));
      const details = {
        ...detailsOf({ ...row, cap: newCap }),
        // Its managers are told (security notices).
        ...(addedScopes.length > 0 && { addedScopes: addedScopes.join(', ') }),
      };
      await insertAuditEvent(tx, { ...event, details });
      const key = await store.findKey(tx, accountId, keyId);
      if (key === undefined) throw noSuchKey();
      return key;
    });
    this.parts.authenticator.forget(keyId);
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
    this.parts.authenticator.forget(keyId);
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
    this.parts.authenticator.forget(keyId);
    return revoked;
  }

  /** Models by their present slugs, and addresses as they are kept. @throws AppError BAD_USER_INPUT */
  private async normalize(changes: KeyChanges): Promise<KeyChanges> {
    const { models, allowedIps } = changes;
    return {
      ...changes,
      ...(models != null && { models: await this.slugsOf(models) }),
      ...(allowedIps != null && { allowedIps: normalizeIps(allowedIps) }),
    };
  }

  /** @throws AppError BAD_USER_INPUT for a model that there is not */
  private async slugsOf(models: readonly string[]): Promise<string[]> {
    if (models.length === 0) return [];
    const slugs = await this.parts.catalog.findSlugs(models);
    const found = models.map((model) => {
      const slug = slugs.get(model);
      if (slug === undefined) throw badKey('models', `Model "${model}" not found.`);
      return slug;
    });
    return [...new Set(found)];
  }
}

function pickCopied(key: ApiKey) {
  const { accountId, name, scopes, models, ratePerMinute, allowedIps, expiresAt } = key;
  const { spendCapNanos, capPeriod } = key;
  const limits = { models, ratePerMinute, allowedIps, expiresAt, spendCapNanos, capPeriod };
  return { accountId, name, scopes, ...limits };
}

function noSuchKey(): AppError {
  return new AppError('NOT_FOUND', 'API key not found.');
}
