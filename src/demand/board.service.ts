import { type CatalogChanges, checkMove, type ProposalsService } from '../catalog/index.js';
import { AppError } from '../errors.js';
import type { Author } from '../platform/actor.js';
import type { Queryable } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import type { BoardEntry, BoardPosition } from './board-entry.js';
import * as store from './board.store.js';
import type { PlanStage } from './demand.js';
import { checkPlan, type PlanChanges } from './demand-plan.js';
import { checkText, type ModelRequest } from './model-request.js';
import * as requests from './requests.store.js';

/** What operators see of the demand, and do about it. All of it is audited. */
export class BoardService {
  constructor(
    private readonly db: Queryable,
    private readonly catalogChanges: Pick<
      CatalogChanges,
      'apply' | 'transact' | 'record' | 'setStatus'
    >,
    private readonly proposals: Pick<ProposalsService, 'lockForMerge' | 'replace'>,
  ) {}

  /** Models that are not live yet, heaviest first. */
  list(page: { first: number; after: BoardPosition | undefined }): Promise<readonly BoardEntry[]> {
    return store.listBoard(this.db, page);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: ModelId): Promise<BoardEntry> {
    const entry = id.includes('\0') ? undefined : await store.findBoardEntry(this.db, id);
    if (entry === undefined) throw new AppError('NOT_FOUND', 'Model not found.');
    return entry;
  }

  /** All that stand for a model, in the order in which they came. @param page `after`: how many to pass over. @throws AppError NOT_FOUND */
  async requests(
    id: ModelId,
    page: { first: number; after: number },
  ): Promise<readonly ModelRequest[]> {
    await this.get(id);
    return requests.listRequestsFor(this.db, id, page);
  }

  /**
   * @param key slug, alias or id, here and below
   * @throws AppError BAD_USER_INPUT, NOT_FOUND; CONFLICT for fewer than were given already
   */
  async plan(author: Author, key: string, changes: PlanChanges): Promise<BoardEntry> {
    checkPlan(changes);
    const id = await this.catalogChanges.apply(author, key, async (tx, model) => {
      const before = await store.lockPlan(tx, model.id);
      if (before !== undefined) refuseToTakeBack(before, changes);
      await store.savePlan(tx, model.id, changes);
      const text = publicPart(changes);
      return {
        action: 'demand.planned',
        details: Object.fromEntries(
          Object.entries(changes).flatMap(([name, value]) =>
            value === undefined ? [] : [[name, String(value)]],
          ),
        ),
        ...(text === '' ? {} : { change: { kind: 'STAGE', text } }),
      };
    });
    return this.get(id);
  }

  /** @throws AppError BAD_USER_INPUT, NOT_FOUND */
  async comment(author: Author, key: string, text: string): Promise<BoardEntry> {
    const checked = checkText(text, 'text');
    if (checked === '') throw new AppError('BAD_USER_INPUT', '`text` must not be empty.');
    const id = await this.catalogChanges.apply(author, key, async (tx, model) => {
      const comment = { modelId: model.id, userId: author.userId, text: checked };
      const commentId = await store.insertComment(tx, comment);
      return { action: 'demand.commented', details: { commentId } };
    });
    return this.get(id);
  }

  /** A proposal is announced as coming soon. @throws AppError NOT_FOUND; CONFLICT for what is none */
  async accept(author: Author, key: string): Promise<BoardEntry> {
    const id = await this.catalogChanges.apply(author, key, async (tx, model) => {
      checkMove(model, 'COMING_SOON');
      await this.catalogChanges.setStatus(tx, model.id, 'COMING_SOON');
      const change = { kind: 'ADDED', text: 'Announced: it is coming.' } as const;
      return { action: 'demand.accepted', change };
    });
    return this.get(id);
  }

  /**
   * One of two entries for the same model goes: its requests and comments move to the other one, and its slugs
   * lead there.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT; CONFLICT for one that is live, or has prices or a catalog file
   */
  async merge(author: Author, goneId: ModelId, intoId: ModelId): Promise<BoardEntry> {
    await this.catalogChanges.transact(async (tx) => {
      const { gone, into } = await this.proposals.lockForMerge(tx, goneId, intoId);
      await requests.moveRequests(tx, goneId, intoId);
      await store.moveComments(tx, goneId, intoId);
      await this.proposals.replace(tx, gone, into);
      const details = { gone: gone.slug, into: into.slug };
      await this.catalogChanges.record(tx, author, intoId, { action: 'demand.merged', details });
    });
    return this.get(intoId);
  }
}

/** What of a plan concerns everybody, in a sentence or two; empty where nothing does. */
function publicPart({ stage, expectedOn }: PlanChanges): string {
  const sentences = [
    stage === undefined ? '' : STAGE_SENTENCES[stage],
    typeof expectedOn === 'string' ? `It is expected for ${expectedOn}.` : '',
    expectedOn === null ? 'When it will come is not known any more.' : '',
  ];
  return sentences.filter((sentence) => sentence !== '').join(' ');
}

const STAGE_SENTENCES: Readonly<Record<PlanStage, string>> = {
  REQUESTED: 'People ask for it.',
  BENCHMARKING: 'It is being tried.',
  ONBOARDING: 'It is being brought up.',
};

function refuseToTakeBack(before: store.PlanState, changes: PlanChanges): void {
  const { earlyAccessCount, launchCreditCount } = changes;
  const tooFew =
    (earlyAccessCount !== undefined && earlyAccessCount < before.earlyAccessGiven) ||
    (launchCreditCount !== undefined && launchCreditCount < before.launchCreditsGiven);
  if (!tooFew) return;
  throw new AppError(
    'CONFLICT',
    `${String(before.earlyAccessGiven)} accounts already have early access and ${String(before.launchCreditsGiven)} have received launch credit; a plan cannot revoke them.`,
  );
}
