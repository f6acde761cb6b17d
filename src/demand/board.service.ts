import type { ProposalsService } from '../catalog/index.js';
import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import { insertAuditEvent } from '../platform/audit.store.js';
import type { Clock } from '../platform/clock.js';
import type { Database } from '../platform/database.js';
import type { ModelId } from '../platform/ids.js';
import type { BoardEntry } from './board-entry.js';
import * as store from './board.store.js';
import { checkPlan, type PlanChanges } from './demand-plan.js';
import { checkText, type ModelRequest } from './model-request.js';
import * as requests from './requests.store.js';

/** What operators see of the demand, and do about it. All of it is audited. */
export class BoardService {
  constructor(
    private readonly db: Pick<Database, 'query' | 'prisma'>,
    private readonly proposals: Pick<ProposalsService, 'accept' | 'lockForMerge' | 'replace'>,
    private readonly clock: Clock,
  ) {}

  /** Models that are not live yet, heaviest first. */
  list(page: {
    first: number;
    after: store.BoardPosition | undefined;
  }): Promise<readonly BoardEntry[]> {
    return store.listBoard(this.db, page);
  }

  /** @throws AppError NOT_FOUND */
  async get(id: ModelId): Promise<BoardEntry> {
    const entry = id.includes('\0') ? undefined : await store.findBoardEntry(this.db, id);
    if (entry === undefined) throw new AppError('NOT_FOUND', 'There is no such model.');
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

  /** @throws AppError BAD_USER_INPUT, NOT_FOUND; CONFLICT for fewer than were given already */
  async plan(actor: Actor, id: ModelId, changes: PlanChanges): Promise<BoardEntry> {
    checkPlan(changes);
    await this.get(id);
    await this.db.prisma.$transaction(async (tx) => {
      const before = await store.lockPlan(tx, id);
      if (before !== undefined) refuseToTakeBack(before, changes);
      await store.savePlan(tx, id, changes);
      const details = Object.entries(changes).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, String(value)] as const],
      );
      await insertAuditEvent(tx, {
        actor,
        action: 'demand.planned',
        target: id,
        details: Object.fromEntries(details),
      });
    });
    return this.get(id);
  }

  /** @throws AppError BAD_USER_INPUT, NOT_FOUND */
  async comment(actor: Actor, id: ModelId, text: string): Promise<BoardEntry> {
    const checked = checkText(text, 'text');
    if (checked === '') throw new AppError('BAD_USER_INPUT', 'A comment says something.');
    await this.get(id);
    await this.db.prisma.$transaction(async (tx) => {
      const comment = { modelId: id, userId: actor.userId, text: checked };
      const commentId = await store.insertComment(tx, comment, this.clock.now());
      await insertAuditEvent(tx, { actor, action: 'demand.commented', target: commentId });
    });
    return this.get(id);
  }

  /** A proposal is announced as coming soon. @throws AppError NOT_FOUND; CONFLICT for what is none */
  async accept(actor: Actor, id: ModelId): Promise<BoardEntry> {
    await this.db.prisma.$transaction(async (tx) => {
      await this.proposals.accept(tx, id);
      await insertAuditEvent(tx, { actor, action: 'demand.accepted', target: id });
    });
    return this.get(id);
  }

  /**
   * One of two entries for the same model goes: its requests and comments move to the other one, and its slugs
   * lead there.
   * @throws AppError NOT_FOUND, BAD_USER_INPUT; CONFLICT for one that is live, or has prices or a catalog file
   */
  async merge(actor: Actor, goneId: ModelId, intoId: ModelId): Promise<BoardEntry> {
    await this.db.prisma.$transaction(async (tx) => {
      const { gone, into } = await this.proposals.lockForMerge(tx, goneId, intoId);
      await requests.moveRequests(tx, goneId, intoId);
      await store.moveComments(tx, goneId, intoId);
      await this.proposals.replace(tx, gone, into);
      const details = { gone: gone.slug, into: into.slug };
      await insertAuditEvent(tx, { actor, action: 'demand.merged', target: intoId, details });
    });
    return this.get(intoId);
  }
}

function refuseToTakeBack(before: store.PlanState, changes: PlanChanges): void {
  const { earlyAccessCount, launchCreditCount } = changes;
  const tooFew =
    (earlyAccessCount !== undefined && earlyAccessCount < before.earlyAccessGiven) ||
    (launchCreditCount !== undefined && launchCreditCount < before.launchCreditsGiven);
  if (!tooFew) return;
  throw new AppError(
    'CONFLICT',
    `${String(before.earlyAccessGiven)} accounts have early access and ${String(before.launchCreditsGiven)} were given credit already; a plan cannot take that back.`,
  );
}
