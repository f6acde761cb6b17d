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
  description: 'Outcome of a call.',
  valuesConfig: {
    CAPTURED: { description: 'Succeeded; charged for the units that ran.' },
    VOIDED: { description: 'Failed or cancelled; not charged.' },
    EXPIRED: { description: 'Never finished within its time limit; not charged.' },
  },
});

@ObjectType('ChargedUnit', { description: 'Charge for one unit of a call.' })
export class ChargedUnitType {
  @Field(() => String, { description: 'Charged unit: IMAGE, LABEL_TEXT or EMBEDDING.' })
  readonly unit!: string;

  @Field(() => ID, { description: 'ID of the price version in effect when the call started.' })
  readonly priceVersionId!: string;

  @Field(() => NanoUSD, { description: 'Price per unit.' })
  readonly nanosPerUnit!: bigint;

  @Field(() => Int, { description: 'Number of units requested.' })
  readonly requested!: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'Number of units charged; the others were cached for the account, and therefore free.',
  })
  readonly ran!: number | null;
}

export function toChargedUnit(line: ChargedUnit): ChargedUnitType {
  return { ...line, nanosPerUnit: BigInt(line.nanosPerUnit), ran: line.ran ?? null };
}

@ObjectType('Run', {
  implements: NodeType,
  description: 'A finished metered call. Immutable.',
})
export class RunType extends NodeType {
  readonly id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Operation that was called, such as "classifyImage".',
  })
  readonly operation!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Slug of the model at the time of the call; it still resolves after the model was renamed.',
  })
  readonly model!: string | null;

  @Field(() => RUN_OUTCOMES, { description: 'Outcome of the call.' })
  readonly outcome!: RunOutcome;

  @Field(() => NanoUSD, { description: 'Amount charged for the call.' })
  readonly chargedNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Credit reserved while the call was in progress.' })
  readonly heldNanos!: bigint;

  @Field(() => [ChargedUnitType], { description: 'Charges of the call, by unit.' })
  readonly units!: readonly ChargedUnitType[];

  @Field(() => ID, {
    nullable: true,
    description: 'ID of the API key that made the call; null if a signed-in user did.',
  })
  readonly keyId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Code of the error that ended the call; null if it succeeded.',
  })
  readonly errorCode!: string | null;

  @Field(() => Float, {
    description: 'Duration from credit reservation to the end of the call, in milliseconds.',
  })
  readonly latencyMs!: number;

  @Field(() => GraphQLISODateTime, { description: 'Start of the call, by the database clock.' })
  readonly startedAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'End of the call, by the database clock.' })
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

@ObjectType('RunEdge', { description: 'An edge in a list of runs.' })
export class RunEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => RunType, { description: 'The run at the end of the edge.' })
  readonly node!: RunType;
}

@ObjectType('RunConnection', { description: 'A page of an account’s runs.' })
export class RunConnectionType {
  @Field(() => [RunEdgeType], { description: 'Runs on this page, newest first.' })
  readonly edges!: readonly RunEdgeType[];

  @Field(() => [RunType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly RunType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
