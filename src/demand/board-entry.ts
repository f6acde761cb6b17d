import { AppError } from '../errors.js';
import type { DemandCommentId, UserId } from '../platform/ids.js';
import type { Demand } from './demand.js';

/** What an operator said about a model. */
export interface DemandComment {
  readonly id: DemandCommentId;
  /** null: the server's own command. */
  readonly userId: UserId | null;
  readonly text: string;
  readonly createdAt: Date;
}

/** A model on the operators' board. */
export interface BoardEntry extends Omit<Demand, 'weekly' | 'rank'> {
  /**
   * Thousandths of the sum over all requests of 1 + log₁₀(1 + stated calls a month) + log₁₀(1 + US dollars
   * of credit that the account has bought and kept): ten times the volume, or the spend, is one more vote.
   */
  readonly weight: number;
  /** Sum of what was stated. */
  readonly monthlyVolume: number;
  /** Credit that those who ask have bought and kept, in nano-USD. */
  readonly boughtNanos: bigint;
  /** Who may be written to. */
  readonly contactable: number;
  readonly earlyAccessCount: number;
  readonly earlyAccessGiven: number;
  readonly launchCreditNanos: bigint;
  readonly launchCreditCount: number;
  readonly launchCreditsGiven: number;
  /** The last ten, newest first. */
  readonly comments: readonly DemandComment[];
}

/** A place on the board. */
export interface BoardPosition {
  readonly weight: number;
  readonly id: string;
}

export function toBoardCursor({ weight, modelId }: BoardEntry): string {
  return `${String(weight)}:${modelId}`;
}

/** @throws AppError BAD_USER_INPUT for a cursor of another list */
export function parseBoardCursor(cursor: string | null | undefined): BoardPosition | undefined {
  if (typeof cursor !== 'string') return undefined;
  const [, weight, id] = /^(\d{1,15}):(mdl_\w{1,40})$/.exec(cursor) ?? [];
  if (weight !== undefined && id !== undefined) return { weight: Number(weight), id };
  throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
    details: { argument: 'after' },
  });
}
