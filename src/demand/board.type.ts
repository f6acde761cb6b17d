import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Float, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { PageInfoType } from '../graphql/pagination.js';
import { NanoUSD, PartialDate } from '../graphql/scalars.js';
import type { BoardEntry, DemandComment } from './board-entry.js';
import { DEMAND_STAGES, type DemandStage } from './demand.js';

@ObjectType('DemandComment', { description: 'An operator’s comment on a model.' })
class DemandCommentType {
  @Field(() => ID, { description: 'ID of the comment, prefixed with `cmt_`.' })
  readonly id!: string;

  @Field(() => ID, {
    nullable: true,
    description:
      'ID of the author, prefixed with `usr_`; null if it was written on the server’s command line.',
  })
  readonly userId!: string | null;

  @Field(() => String, { description: 'Text of the comment.' })
  readonly text!: string;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the comment was written.' })
  readonly createdAt!: Date;
}

@ObjectType('DemandBoardEntry', {
  description: 'A model on the demand board, with the demand for it.',
})
export class BoardEntryType {
  readonly modelId!: string;

  @Field(() => Int, { description: 'Number of active requests.' })
  readonly requests!: number;

  @Field(() => Float, {
    description:
      'Demand score: sum over requests of 1 + log₁₀(1 + stated calls per month) + log₁₀(1 + US dollars of credit bought).',
  })
  readonly weight!: number;

  @Field(() => GraphQLSafeInt, {
    description: 'Total number of calls per month stated in the requests.',
  })
  readonly monthlyVolume!: number;

  @Field(() => NanoUSD, {
    description: 'Credit bought by the requesting accounts, net of refunds.',
  })
  readonly boughtNanos!: bigint;

  @Field(() => Int, { description: 'Number of requesters who agreed to be contacted.' })
  readonly contactable!: number;

  @Field(() => DEMAND_STAGES, { description: 'Current stage before launch.' })
  readonly stage!: DemandStage;

  @Field(() => PartialDate, {
    nullable: true,
    description: 'Expected launch date; null if unknown.',
  })
  readonly expectedOn!: string | null;

  @Field(() => Int, { description: 'Number of accounts that get access before the launch.' })
  readonly earlyAccessCount!: number;

  @Field(() => Int, { description: 'Number of accounts that have been given early access.' })
  readonly earlyAccessGiven!: number;

  @Field(() => NanoUSD, {
    description: 'Launch credit per account, granted to the first requesters.',
  })
  readonly launchCreditNanos!: bigint;

  @Field(() => Int, { description: 'Number of accounts that get launch credit.' })
  readonly launchCreditCount!: number;

  @Field(() => Int, { description: 'Number of accounts that have received launch credit.' })
  readonly launchCreditsGiven!: number;

  @Field(() => [DemandCommentType], { description: 'The ten most recent comments, newest first.' })
  readonly comments!: readonly DemandComment[];
}

export function toBoardEntry(entry: BoardEntry): BoardEntryType {
  return { ...entry, weight: entry.weight / 1_000 };
}

@ObjectType('DemandBoardEdge', { description: 'An edge in the demand board.' })
export class BoardEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => BoardEntryType, { description: 'The entry at the end of the edge.' })
  readonly node!: BoardEntryType;
}

@ObjectType('DemandBoardConnection', { description: 'A page of the demand board.' })
export class BoardConnectionType {
  @Field(() => [BoardEdgeType], { description: 'Entries on this page, highest demand first.' })
  readonly edges!: readonly BoardEdgeType[];

  @Field(() => [BoardEntryType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly BoardEntryType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
