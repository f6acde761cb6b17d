import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import { type AccountId, newId, type RunId } from '../platform/ids.js';
import { checkName } from '../platform/name.js';
import { checkLabels } from './classification.service.js';
import type { EmbeddingService } from './embedding.service.js';
import type { LabelSet } from './label-set.js';
import * as store from './label-sets.store.js';
import type { LoadedModel } from './model.service.js';

const SETS_MAX = 100;

/** Sets, each with a model, of which this process knows who paid. */
const PAYERS_MAX = 10_000;

/** What a model made of a set's prompts, in their order, and the run that paid for it. */
export interface RecalledLabels {
  readonly vectors: readonly Float32Array[];
  readonly paidBy: RunId;
}

/** Keeps label sets, and what models made of them. */
export class LabelSetsService {
  private readonly payers = new LRUCache<string, RunId>({ max: PAYERS_MAX });

  constructor(
    private readonly db: Database,
    private readonly embeddings: Pick<EmbeddingService, 'rememberTexts' | 'keptTexts'>,
  ) {}

  /** @throws AppError BAD_USER_INPUT as a call with these labels; CONFLICT for a name that is taken */
  async create(
    accountId: AccountId,
    input: { name: string; labels: readonly string[]; template?: string | undefined },
  ): Promise<LabelSet> {
    const name = checkName(input.name);
    // No model yet: as the strictest cleans them, so that the set fits any.
    checkLabels(input.labels, { template: input.template, cleaning: 'canonicalize' });
    const set = { id: newId('lset'), name, labels: input.labels, template: input.template ?? null };
    const made = await this.db.transaction((tx) =>
      store.insertLabelSet(tx, accountId, set, SETS_MAX),
    );
    if (made !== undefined) return made;
    throw new AppError(
      'CONFLICT',
      `The account already has a label set with this name, or ${String(SETS_MAX)} label sets. Delete one first.`,
    );
  }

  /** By name. @param page `after`: a name */
  list(
    accountId: AccountId,
    page: { readonly first: number; readonly after: string | undefined },
  ): Promise<readonly LabelSet[]> {
    return store.listLabelSets(this.db, accountId, page);
  }

  /** Whosever it is: for who then asks whether the caller may read it. */
  async findAny(id: string): Promise<(LabelSet & { readonly accountId: AccountId }) | undefined> {
    return id.includes('\0') ? undefined : store.findAnyLabelSet(this.db, id);
  }

  /**
   * Labels and template stay: what models made of them is paid for.
   * @throws AppError BAD_USER_INPUT; NOT_FOUND; CONFLICT for a name that is taken
   */
  async rename(accountId: AccountId, id: string, name: string): Promise<LabelSet> {
    await this.get(accountId, id);
    const checked = checkName(name);
    const renamed = await this.db.transaction((tx) =>
      store.renameLabelSet(tx, accountId, id, checked),
    );
    if (renamed === undefined) throw new AppError('NOT_FOUND', 'Label set not found.');
    if (renamed !== 'taken') return renamed;
    throw new AppError('CONFLICT', 'The account already has a label set with this name.', {
      details: { argument: 'name' },
    });
  }

  /** @throws AppError NOT_FOUND */
  async get(accountId: AccountId, id: string): Promise<LabelSet> {
    const set = id.includes('\0') ? undefined : await store.findLabelSet(this.db, accountId, id);
    if (set === undefined) throw new AppError('NOT_FOUND', 'Label set not found.');
    return set;
  }

  /** @throws AppError NOT_FOUND */
  async delete(accountId: AccountId, id: string): Promise<void> {
    if (id.includes('\0') || !(await store.deleteLabelSet(this.db, accountId, id))) {
      throw new AppError('NOT_FOUND', 'Label set not found.');
    }
  }

  /**
   * What a model made of a set's prompts before, wherever it was; undefined while no call has paid for it. The
   * account owns it for as long as it has the set.
   */
  async recall(
    set: LabelSet,
    model: LoadedModel,
    prompts: readonly string[],
  ): Promise<RecalledLabels | undefined> {
    const of = vectorsOf(set, model);
    const payer = this.payers.get(keyOf(of));
    const remembered = payer === undefined ? undefined : this.embeddings.keptTexts(model, prompts);
    if (payer !== undefined && remembered !== undefined) {
      return { vectors: remembered, paidBy: payer };
    }
    const kept = await store.findVectors(this.db, of);
    if (kept === undefined) return undefined;
    // Copied, so that the numbers lie where float32 may lie.
    const numbers = new Float32Array(Uint8Array.from(kept.vectors).buffer);
    const width = numbers.length / prompts.length;
    const vectors = prompts.map((_, row) => numbers.slice(row * width, (row + 1) * width));
    this.embeddings.rememberTexts(model, prompts, vectors);
    this.payers.set(keyOf(of), kept.paidBy);
    return { vectors, paidBy: kept.paidBy };
  }

  /** Keeps what a model has made of a set's prompts, once a run has paid for all of it. */
  async keep(
    set: LabelSet,
    model: LoadedModel,
    { vectors, paidBy }: RecalledLabels,
  ): Promise<void> {
    const bytes = Buffer.concat(
      vectors.map(({ buffer, byteOffset, byteLength }) =>
        Buffer.from(buffer, byteOffset, byteLength),
      ),
    );
    await store.insertVectors(this.db, vectorsOf(set, model), { vectors: bytes, paidBy });
  }
}

function keyOf({ labelSetId, modelHash, variant }: store.VectorsOf): string {
  return `${labelSetId}.${modelHash}.${variant}`;
}

function vectorsOf({ id }: LabelSet, { modelHash, variant }: LoadedModel): store.VectorsOf {
  return { labelSetId: id, modelHash, variant };
}
