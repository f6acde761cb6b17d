import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, Float, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { PageInfoType } from '../graphql/pagination.js';
import { NanoUSD, PartialDate } from '../graphql/scalars.js';
import type { BoardEntry, DemandComment } from './board-entry.js';
import { DEMAND_STAGES, type DemandStage } from './demand.js';

@ObjectType('DemandComment', { description: 'What an operator said about a model.' })
class DemandCommentType {
  @Field(() => ID, { description: '"cmt_…".' })
  readonly id!: string;

  @Field(() => ID, { nullable: true, description: 'Who wrote it; null: a command of the server.' })
  readonly userId!: string | null;

  @Field(() => String, { description: 'The text.' })
  readonly text!: string;

  @Field(() => GraphQLISODateTime, { description: 'When it was written.' })
  readonly createdAt!: Date;
}

@ObjectType('DemandBoardEntry', { description: 'A model as operators see the demand for it.' })
export class BoardEntryType {
  readonly modelId!: string;

  @Field(() => Int, { description: 'Requests that stand.' })
  readonly requests!: number;

  @Field(() => Float, {
    description:
      'Sum over the requests of 1 + log₁₀(1 + stated calls a month) + log₁₀(1 + US dollars of credit bought).',
  })
  readonly weight!: number;

  @Field(() => GraphQLSafeInt, { description: 'Calls a month, as stated, in all.' })
  readonly monthlyVolume!: number;

  @Field(() => NanoUSD, { description: 'Credit that those who ask have bought and kept.' })
  readonly boughtNanos!: bigint;

  @Field(() => Int, { description: 'How many may be written to.' })
  readonly contactable!: number;

  @Field(() => DEMAND_STAGES, { description: 'How far it is.' })
  readonly stage!: DemandStage;

  @Field(() => PartialDate, { nullable: true, description: 'When it is expected.' })
  readonly expectedOn!: string | null;

  @Field(() => Int, { description: 'How many accounts are let in before the launch.' })
  readonly earlyAccessCount!: number;

  @Field(() => Int, { description: 'How many were.' })
  readonly earlyAccessGiven!: number;

  @Field(() => NanoUSD, { description: 'Credit at the launch for each of the first.' })
  readonly launchCreditNanos!: bigint;

  @Field(() => Int, { description: 'How many accounts get it.' })
  readonly launchCreditCount!: number;

  @Field(() => Int, { description: 'How many got it.' })
  readonly launchCreditsGiven!: number;

  @Field(() => [DemandCommentType], { description: 'The last ten comments, newest first.' })
  readonly comments!: readonly DemandComment[];
}

export function toBoardEntry(entry: BoardEntry): BoardEntryType {
  return { ...entry, weight: entry.weight / 1_000 };
}

@ObjectType('DemandBoard', { description: 'A page of the demand board.' })
export class BoardType {
  @Field(() => [BoardEntryType], { description: 'The models of the page.' })
  readonly entries!: readonly BoardEntryType[];

  @Field(() => PageInfoType, { description: 'Where the page lies.' })
  readonly pageInfo!: PageInfoType;
}
