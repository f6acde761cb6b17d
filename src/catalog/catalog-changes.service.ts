import { AppError } from '../errors.js';
import type { Author } from '../platform/actor.js';
import { type AuditAction, insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import { type LockedModel, lockModel, setStatus } from './catalog-admin.store.js';
import { lockSlugs } from './catalog-seed.store.js';
import { checkChangeText, type NewModelChange } from './model-change.js';
import { insertChange } from './model-changes.store.js';
import { mayBecome } from './model-status.js';
import type { ModelStatus } from './model.js';

/** What is recorded of a change to a model. */
export interface ChangeRecord {
  readonly action: AuditAction;
  /** For the audit log: never a secret. */
  readonly details?: Readonly<Record<string, string>>;
  /** For the model's changelog; left out: nobody outside has to know. */
  readonly change?: Omit<NewModelChange, 'modelId'>;
}

export type { LockedModel };

/**
 * Changes to models: the change itself, its audit event and its line in the model's changelog are one transaction, and
 * changes come one after the other.
 */
export class CatalogChanges {
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly db: Pick<Database, 'transaction'>) {}

  /**
   * One change to one model, which is locked meanwhile.
   * @param key slug, alias or id
   * @param work returns undefined when nothing was done: nothing is recorded then
   * @throws AppError NOT_FOUND when nobody has the key, and as the work
   */
  apply(
    author: Author,
    key: string,
    work: (tx: Transaction, model: LockedModel) => Promise<ChangeRecord | undefined>,
  ): Promise<ModelId> {
    return this.transact(async (tx) => {
      const model = key.includes('\0') ? undefined : await lockModel(tx, key);
      if (model === undefined) {
        throw new AppError('NOT_FOUND', `Model ${key.slice(0, 300)} not found.`);
      }
      const record = await work(tx, model);
      if (record !== undefined) await this.record(tx, author, model.id, record);
      return model.id;
    });
  }

  /** A transaction in which no other act is under way. */
  async transact<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    const result = await this.db.transaction(async (tx) => {
      await lockSlugs(tx);
      return work(tx);
    });
    this.changed();
    return result;
  }

  /** Told whenever this server has changed something of a model: what was cached of it is old. */
  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  /** What other servers cached is old within a second by itself. */
  changed(): void {
    for (const listener of this.listeners) listener();
  }

  async record(
    tx: Transaction,
    author: Author,
    modelId: ModelId,
    record: ChangeRecord,
  ): Promise<void> {
    const { action, details, change } = record;
    const event = { actor: author, action, target: modelId };
    await insertAuditEvent(tx, details === undefined ? event : { ...event, details });
    if (change !== undefined) await this.recordChange(tx, author, { modelId, ...change });
  }

  /** A line of a model's changelog, in the transaction of what it tells. @throws AppError BAD_USER_INPUT */
  recordChange(tx: Transaction, author: Author, change: NewModelChange): Promise<void> {
    return insertChange(tx, author, { ...change, text: checkChangeText(change.text) });
  }

  /** Whoever asks has made sure that the model may go there, as by `checkMove`. */
  setStatus(tx: Transaction, id: ModelId, status: ModelStatus): Promise<void> {
    return setStatus(tx, id, status);
  }

  /** For the regular check. @returns false when the model has gone elsewhere meanwhile */
  async moveByCheck(
    tx: Transaction,
    { id, status }: LockedModel,
    to: ModelStatus,
  ): Promise<boolean> {
    if (!mayBecome(status, to)) return false;
    await this.setStatus(tx, id, to);
    return true;
  }
}
