import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import { type AccountId, newId } from '../platform/ids.js';
import { checkName } from '../platform/name.js';
import { checkLabels } from './classification.service.js';
import type { EmbeddingService } from './embedding.service.js';
import type { LabelSet } from './label-set.js';
import * as store from './label-sets.store.js';
import type { LoadedModel } from './model.service.js';

const SETS_MAX = 100;

/** Keeps label sets, and what models made of them. */
export class LabelSetsService {
  constructor(
    private readonly db: Pick<Database, 'query'>,
    private readonly embeddings: Pick<
      EmbeddingService,
      'embedTexts' | 'rememberTexts' | 'hasTexts'
    >,
  ) {}

  /** @throws AppError BAD_USER_INPUT as a call with these labels; CONFLICT for a name that is taken */
  async create(
    accountId: AccountId,
    input: { name: string; labels: readonly string[]; template?: string | undefined },
  ): Promise<LabelSet> {
    const name = checkName(input.name);
    checkLabels(input.labels, input.template);
    const set = { id: newId('lset'), name, labels: input.labels, template: input.template ?? null };
    const made = await store.insertLabelSet(this.db, accountId, set, SETS_MAX);
    if (made !== undefined) return made;
    throw new AppError(
      'CONFLICT',
      `The account has a label set of that name, or ${String(SETS_MAX)} of them. Delete one first.`,
    );
  }

  /** By name. */
  list(accountId: AccountId): Promise<readonly LabelSet[]> {
    return store.listLabelSets(this.db, accountId);
  }

  /** @throws AppError NOT_FOUND */
  async get(accountId: AccountId, id: string): Promise<LabelSet> {
    const set = id.includes('\0') ? undefined : await store.findLabelSet(this.db, accountId, id);
    if (set === undefined) throw new AppError('NOT_FOUND', 'The account has no such label set.');
    return set;
  }

  /** @throws AppError NOT_FOUND */
  async delete(accountId: AccountId, id: string): Promise<void> {
    if (id.includes('\0') || !(await store.deleteLabelSet(this.db, accountId, id))) {
      throw new AppError('NOT_FOUND', 'The account has no such label set.');
    }
  }

  /** Brings back what a model made of a set's prompts before, if this process has forgotten it. */
  async recall(set: LabelSet, model: LoadedModel, prompts: readonly string[]): Promise<void> {
    if (this.embeddings.hasTexts(model, prompts)) return;
    const kept = await store.findVectors(this.db, vectorsOf(set, model));
    if (kept === undefined) return;
    // Copied, so that the numbers lie where float32 may lie.
    const numbers = new Float32Array(Uint8Array.from(kept).buffer);
    const width = numbers.length / prompts.length;
    const rows = prompts.map((_, row) => numbers.slice(row * width, (row + 1) * width));
    this.embeddings.rememberTexts(model, prompts, rows);
  }

  /** Keeps what a model has just made of a set's prompts. */
  async keep(set: LabelSet, model: LoadedModel, prompts: readonly string[]): Promise<void> {
    const { vectors } = await this.embeddings.embedTexts(model, prompts);
    const bytes = Buffer.concat(vectors.map((vector) => new Uint8Array(vector.buffer)));
    await store.insertVectors(this.db, vectorsOf(set, model), bytes);
  }
}

function vectorsOf({ id }: LabelSet, { modelHash, variant }: LoadedModel): store.VectorsOf {
  return { labelSetId: id, modelHash, variant };
}
