import { AppError } from '../errors.js';
import type { Author } from '../platform/actor.js';
import type { AuditAction } from '../platform/audit.store.js';
import type { Transaction } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import type { CatalogChanges } from './catalog-changes.service.js';
import * as store from './catalog-admin.store.js';
import { checkModelEdit, checkNewModel, checkSlug } from './catalog-file.js';
import { insertAliases, insertModel, updateModel } from './catalog-seed.store.js';
import { checkMove } from './model-status.js';
import { PRICE_NANOS_MAX, type PriceUnit } from './model.js';

const PRICE_AHEAD_MS = 5 * 366 * 24 * 3_600_000;
const ALIASES_MAX = 20;

/**
 * What operators do to the catalog. Each act, what the audit log says of it and what the model's changelog
 * says are one transaction. A model is named by slug, alias or id; NOT_FOUND when nobody has it.
 */
export class CatalogAdminService {
  constructor(private readonly catalogChanges: CatalogChanges) {}

  /**
   * A new model, which is coming soon: it goes live by being published.
   * @param given as a file of the catalog folder; what is left out is not known
   * @throws AppError BAD_USER_INPUT naming each field at fault, CONFLICT when a slug or alias is taken
   */
  async create(author: Author, given: object): Promise<ModelId> {
    const file = checkNewModel(given);
    if (file.status !== 'COMING_SOON') {
      throw new AppError(
        'BAD_USER_INPUT',
        '`status` must be COMING_SOON for a new model. Publish it when it is ready.',
        { details: { argument: 'status' } },
      );
    }
    return this.catalogChanges.transact(async (tx) => {
      for (const slug of [file.slug, ...file.aliases]) await refuseTaken(tx, slug);
      const id = await insertModel(tx, file);
      await this.catalogChanges.record(tx, author, id, {
        action: 'model.created',
        details: { slug: file.slug },
        change: { kind: 'ADDED', text: `${file.name} was added to the catalog.` },
      });
      return id;
    });
  }

  /** Changes facts of its page; null clears one. @throws AppError BAD_USER_INPUT naming each field at fault */
  edit(author: Author, key: string, given: object): Promise<ModelId> {
    const edit = checkModelEdit(given);
    return this.catalogChanges.apply(author, key, async (tx, { id }) => {
      await updateModel(tx, id, edit);
      return { action: 'model.edited', details: { fields: Object.keys(edit).join(', ') } };
    });
  }

  /** It can be called, but will be retired. @throws AppError CONFLICT when it cannot be called now */
  deprecate(author: Author, key: string, reason: string | undefined): Promise<ModelId> {
    const text = 'It is deprecated: it can be called, and will be retired.';
    return this.move(author, key, {
      status: 'DEPRECATED',
      action: 'model.deprecated',
      text,
      reason,
    });
  }

  /** It cannot be called any more; its page stays. @throws AppError CONFLICT when it is retired already */
  retire(author: Author, key: string, reason: string | undefined): Promise<ModelId> {
    const text = 'It is retired: it cannot be called any more.';
    return this.move(author, key, { status: 'RETIRED', action: 'model.retired', text, reason });
  }

  /**
   * Another slug leads to the model.
   * @throws AppError CONFLICT when another model has it, or the model has twenty already
   */
  addAlias(author: Author, key: string, given: string): Promise<ModelId> {
    const alias = checkSlug(given, 'alias');
    return this.catalogChanges.apply(author, key, async (tx, { id }) => {
      await refuseTaken(tx, alias);
      if ((await store.countAliases(tx, id)) >= ALIASES_MAX) {
        throw new AppError('CONFLICT', `A model can have at most ${String(ALIASES_MAX)} aliases.`);
      }
      await insertAliases(tx, id, [alias]);
      return { action: 'model.alias-added', details: { alias } };
    });
  }

  /** @throws AppError NOT_FOUND when the model has no such alias */
  removeAlias(author: Author, key: string, alias: string): Promise<ModelId> {
    return this.catalogChanges.apply(author, key, async (tx, { id, slug }) => {
      if (!(await store.deleteAlias(tx, id, alias))) {
        throw new AppError('NOT_FOUND', `${slug} has no alias ${alias.slice(0, 300)}.`);
      }
      return { action: 'model.alias-removed', details: { alias } };
    });
  }

  /**
   * Gives it another slug. The old one becomes an alias, so that callers and links go on; files and graphs
   * keep their name.
   * @throws AppError CONFLICT when another model has the slug
   */
  rename(author: Author, key: string, given: string): Promise<ModelId> {
    const to = checkSlug(given, 'slug');
    return this.catalogChanges.apply(author, key, async (tx, model) => {
      const owner = await store.findSlugOwner(tx, to);
      if (owner !== undefined && !(owner.isAlias && owner.modelId === model.id)) throw taken(to);
      await store.renameModel(tx, model, to);
      const from = model.slug;
      const text = `It was called ${from} and is called ${to} now; the old name leads here.`;
      return {
        action: 'model.renamed',
        details: { from, to },
        change: { kind: 'RENAMED', text },
      };
    });
  }

  /**
   * A new version of a price; versions are never changed. One to come is withdrawn by another that begins
   * at the same moment. A call pays the price of the moment at which its credit was held (F55).
   * @param effectiveFrom undefined: from now on, by the database's clock
   * @throws AppError BAD_USER_INPUT for a moment that is past or years ahead, or a price out of range
   */
  setPrice(
    author: Author,
    key: string,
    price: {
      readonly unit: PriceUnit;
      /** 0 to PRICE_NANOS_MAX. */
      readonly nanosPerUnit: bigint;
      readonly effectiveFrom: Date | undefined;
    },
  ): Promise<ModelId> {
    const { unit, nanosPerUnit } = price;
    if (nanosPerUnit < 0n || nanosPerUnit > PRICE_NANOS_MAX) {
      throw bad(
        'nanosPerUnit',
        `\`nanosPerUnit\` must be between 0 and ${String(PRICE_NANOS_MAX)}.`,
      );
    }
    return this.catalogChanges.apply(author, key, async (tx, { id }) => {
      const now = await store.readNow(tx);
      const effectiveFrom = price.effectiveFrom ?? now;
      if (effectiveFrom < now) {
        throw bad(
          'effectiveFrom',
          '`effectiveFrom` must not be in the past, which has already been charged. Omit it to start now.',
        );
      }
      if (!(effectiveFrom.getTime() - now.getTime() <= PRICE_AHEAD_MS)) {
        throw bad('effectiveFrom', '`effectiveFrom` must be within the next five years.');
      }
      await store.insertPriceVersion(tx, { modelId: id, unit, nanosPerUnit, effectiveFrom });
      const from = effectiveFrom.toISOString();
      return {
        action: 'model.priced',
        details: { unit, nanosPerUnit: String(nanosPerUnit), effectiveFrom: from },
        change: {
          kind: 'PRICE',
          text: `${unit} costs ${usd(nanosPerUnit)} USD from ${from} on.`,
        },
      };
    });
  }

  private move(
    author: Author,
    key: string,
    to: {
      readonly status: 'DEPRECATED' | 'RETIRED';
      readonly action: AuditAction;
      readonly text: string;
      readonly reason: string | undefined;
    },
  ): Promise<ModelId> {
    const { status, action, text, reason } = to;
    return this.catalogChanges.apply(author, key, async (tx, model) => {
      checkMove(model, status);
      await this.catalogChanges.setStatus(tx, model.id, status);
      return {
        action,
        details: { from: model.status },
        change: { kind: status, text: reason === undefined ? text : `${text} ${reason}` },
      };
    });
  }
}

async function refuseTaken(tx: Transaction, slug: string): Promise<void> {
  if ((await store.findSlugOwner(tx, slug)) !== undefined) throw taken(slug);
}

function taken(slug: string): AppError {
  return new AppError('CONFLICT', `${slug} is already the slug or an alias of a model.`, {
    details: { slug },
  });
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}

/** Exact: 200000n → "0.0002". */
function usd(nanos: bigint): string {
  const digits = nanos.toString().padStart(10, '0');
  return `${digits.slice(0, -9)}.${digits.slice(-9)}`.replace(/\.?0+$/, '');
}
