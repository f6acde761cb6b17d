import {
  Field,
  Float,
  GraphQLISODateTime,
  ID,
  Int,
  ObjectType,
  registerEnumType,
} from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { NanoUSD } from '../graphql/scalars.js';
import { type ChargedUnit, type Run, RUN_OUTCOMES, type RunOutcome } from './run.js';

registerEnumType(RUN_OUTCOMES, {
  name: 'RunOutcome',
  description: 'How a call ended.',
  valuesConfig: {
    CAPTURED: { description: 'It was answered, and what ran was charged.' },
    VOIDED: { description: 'It failed or was given up; nothing was charged.' },
    EXPIRED: { description: 'It never ended by itself; nothing was charged.' },
  },
});

@ObjectType('ChargedUnit', { description: 'One line of what a call cost.' })
export class ChargedUnitType {
  @Field(() => String, { description: 'What is counted: IMAGE, LABEL_TEXT or EMBEDDING.' })
  readonly unit!: string;

  @Field(() => ID, { description: 'The price that was in force when the call began.' })
  readonly priceVersionId!: string;

  @Field(() => NanoUSD, { description: 'Price of one.' })
  readonly nanosPerUnit!: bigint;

  @Field(() => Int, { description: 'How many the call asked for.' })
  readonly requested!: number;

  @Field(() => Int, {
    nullable: true,
    description: 'How many were charged; the rest was free, as the account had paid for it before.',
  })
  readonly ran!: number | null;
}

export function toChargedUnit(line: ChargedUnit): ChargedUnitType {
  return { ...line, nanosPerUnit: BigInt(line.nanosPerUnit), ran: line.ran ?? null };
}

@ObjectType('Run', {
  implements: NodeType,
  description: 'A metered call of the past. Never changed.',
})
export class RunType extends NodeType {
  readonly id!: string;

  @Field(() => String, { nullable: true, description: 'As "classifyImage".' })
  readonly operation!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Slug that the model had then; it leads to the model when that was renamed.',
  })
  readonly model!: string | null;

  @Field(() => RUN_OUTCOMES, { description: 'How it ended.' })
  readonly outcome!: RunOutcome;

  @Field(() => NanoUSD, { description: 'What was charged.' })
  readonly chargedNanos!: bigint;

  @Field(() => NanoUSD, { description: 'What was set aside while it ran.' })
  readonly heldNanos!: bigint;

  @Field(() => [ChargedUnitType], { description: 'What it cost, line by line.' })
  readonly units!: readonly ChargedUnitType[];

  @Field(() => ID, { nullable: true, description: 'The key that sent it; null: a person.' })
  readonly keyId!: string | null;

  @Field(() => String, { nullable: true, description: 'Code of the error that ended it.' })
  readonly errorCode!: string | null;

  @Field(() => Float, { description: 'From the hold to the end, in milliseconds.' })
  readonly latencyMs!: number;

  @Field(() => GraphQLISODateTime, { description: 'By the database’s clock.' })
  readonly startedAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'By the database’s clock.' })
  readonly endedAt!: Date;
}

export function toRun({ details, ...run }: Run): RunType {
  return {
    ...run,
    operation: details.operation ?? null,
    model: details.model ?? null,
    units: (details.units ?? []).map(toChargedUnit),
    errorCode: details.errorCode ?? null,
    latencyMs: run.endedAt.getTime() - run.startedAt.getTime(),
  };
}

@ObjectType('RunEdge', { description: 'A run and its place in the list.' })
export class RunEdgeType {
  @Field(() => String, { description: 'For `after`.' })
  readonly cursor!: string;

  @Field(() => RunType, { description: 'The run.' })
  readonly node!: RunType;
}

@ObjectType('RunConnection', { description: 'A page of an account’s calls.' })
export class RunConnectionType {
  @Field(() => [RunEdgeType], { description: 'Newest first.' })
  readonly edges!: readonly RunEdgeType[];

  @Field(() => PageInfoType, { description: 'Where the page lies.' })
  readonly pageInfo!: PageInfoType;
}
