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
