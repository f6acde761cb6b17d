import { AppError } from '../errors.js';
import type { Transaction } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import { lockSlugs } from './catalog-seed.store.js';
import { slugOf } from './hub-slug.js';
import * as store from './proposals.store.js';
import type { ModelState } from './proposals.store.js';

/**
 * Models that people ask for before anybody has announced them. One for each slug, whatever its case. All
 * of it happens in the caller's transaction.
 */
export class ProposalsService {
  /**
   * The model of a slug, an alias or a page's address; proposed where the catalog has none.
   * @throws AppError BAD_USER_INPUT
   */
  async findOrPropose(tx: Transaction, slugOrUrl: string): Promise<ModelState> {
    const slug = slugOf(slugOrUrl);
    const found = await store.findBySlug(tx, slug);
    if (found !== undefined) return found;
    // Somebody may propose it too, or has just made it an alias: from here on, one after the other.
    await lockSlugs(tx);
    const meanwhile = await store.findBySlug(tx, slug);
    if (meanwhile !== undefined) return meanwhile;
    await store.insertProposal(tx, slug);
    const proposed = await store.findBySlug(tx, slug);
    if (proposed === undefined) throw new Error(`${slug} was proposed and is not there.`);
    return proposed;
  }

  /** Locks two different models for a merge. @throws AppError NOT_FOUND, CONFLICT, BAD_USER_INPUT */
  async lockForMerge(
    tx: Transaction,
    goneId: ModelId,
    intoId: ModelId,
  ): Promise<{ gone: ModelState; into: ModelState }> {
    if (goneId === intoId)
      throw new AppError('BAD_USER_INPUT', 'The two models must be different.');
    const models = await store.lockModels(tx, [goneId, intoId]);
    const [gone, into] = [models.get(goneId), models.get(intoId)];
    if (gone === undefined || into === undefined) throw notFound();
    const isOpen = gone.status === 'PROPOSED' || gone.status === 'COMING_SOON';
    if (!isOpen || (await store.isEstablished(tx, gone))) {
      throw new AppError(
        'CONFLICT',
        `${gone.slug} is live, or has prices or a catalog file, and cannot be removed. Merge the other model into it.`,
      );
    }
    return { gone, into };
  }

  /** A model that nothing hangs on any more becomes an alias of another one. */
  async replace(tx: Transaction, gone: ModelState, by: ModelState): Promise<void> {
    await store.replaceModel(tx, gone, by);
  }
}

function notFound(): AppError {
  return new AppError('NOT_FOUND', 'Model not found.');
}
