import { Field, Float, GraphQLISODateTime, Int, ObjectType, registerEnumType } from 'type-graphql';
import { PRICE_UNITS, type PriceUnit } from '../catalog/index.js';
import type { ErrorCode } from '../errors.js';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { CODES } from '../graphql/payload.type.js';
import { NanoUSD } from '../graphql/scalars.js';
import type { AccountId, KeyId, UserId } from '../platform/ids.js';
import { CallTimingsType } from './call-timings.type.js';
import { type ChargedUnit, RUN_TIERS, type Run, type RunTier } from './run.js';
import { endOf, errorCodeOf, RUN_STATUSES, type RunStatus, statusOf } from './run-status.js';

registerEnumType(RUN_STATUSES, {
  name: 'RunStatus',
  description: 'Status of a finished call. Clients must accept unknown values.',
  valuesConfig: {
    SUCCEEDED: { description: 'Succeeded; charged for the units that ran.' },
    FAILED: { description: 'Failed; not charged. `errorCode` says why.' },
    CANCELLED: { description: 'Cancelled by the caller before it finished; not charged.' },
    EXPIRED: { description: 'Never finished within its time limit; not charged.' },
  },
});

registerEnumType(RUN_TIERS, {
  name: 'RunTier',
  description: 'Service tier of a call.',
  valuesConfig: {
    STANDARD: { description: 'Answered immediately, at the full price.' },
    BATCH: { description: 'Answered after other calls, at a discount.' },
  },
});

@ObjectType('ChargedUnit', { description: 'Charge for one unit of a call.' })
export class ChargedUnitType {
  readonly priceVersionId!: string;

  @Field(() => PRICE_UNITS, { description: 'Unit that was charged.' })
  readonly unit!: PriceUnit;

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

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Amount charged for the unit: `ran` × `nanosPerUnit`. Null if the call failed.',
  })
  readonly chargedNanos!: bigint | null;
}

export function toChargedUnit({ unit, ran, ...line }: ChargedUnit): ChargedUnitType {
  const nanosPerUnit = BigInt(line.nanosPerUnit);
  return {
    ...line,
    unit: unit as PriceUnit,
    nanosPerUnit,
    ran: ran ?? null,
    chargedNanos: ran === undefined ? null : BigInt(ran) * nanosPerUnit,
  };
}

@ObjectType('Run', {
  implements: NodeType,
  description: 'A finished metered call. Immutable.',
})
export class RunType extends NodeType {
  readonly id!: string;
  readonly accountId!: AccountId;
  readonly keyId!: KeyId | null;
  /** Who called without a key. */
  readonly userId!: UserId | null;

  @Field(() => String, {
    nullable: true,
    description: 'Operation that was called, such as "classifyImage".',
  })
  readonly operation!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Slug of the model at the time of the call.',
  })
  readonly modelSlug!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Precision of the weights that ran, such as "fp32"; null if nothing did.',
  })
  readonly variant!: string | null;

  @Field(() => RUN_TIERS, { description: 'Service tier of the call.' })
  readonly tier!: RunTier;

  @Field(() => RUN_STATUSES, { description: 'Status of the call.' })
  readonly status!: RunStatus;

  @Field(() => CODES, {
    nullable: true,
    description: 'Code of the error; null unless the call failed.',
  })
  readonly errorCode!: ErrorCode | null;

  @Field(() => NanoUSD, { description: 'Amount charged for the call.' })
  readonly chargedNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Credit reserved while the call was in progress.' })
  readonly heldNanos!: bigint;

  @Field(() => [ChargedUnitType], { description: 'Charges of the call, by unit.' })
  readonly units!: readonly ChargedUnitType[];

  @Field(() => Int, {
    nullable: true,
    description: 'Number of images sent; null for calls made before this was recorded.',
  })
  readonly imageCount!: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Number of images that were cached for the account, and therefore free; null if the call failed or this was not recorded.',
  })
  readonly imagesCached!: number | null;

  @Field(() => CallTimingsType, {
    nullable: true,
    description: 'Time spent in each phase of the call; null if it failed.',
  })
  readonly timingsMs!: CallTimingsType | null;

  @Field(() => Float, {
    description: 'Duration from credit reservation to the end of the call, in milliseconds.',
  })
  readonly latencyMs!: number;

  @Field(() => GraphQLISODateTime, { description: 'Start of the call, by the database clock.' })
  readonly startedAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'End of the call, by the database clock.' })
  readonly endedAt!: Date;
}

const USER = 'user:';

export function toRun({ details, ...run }: Run): RunType {
  const { actor = '', images, imagesCached, timingsMs } = details;
  const end = endOf({ outcome: run.outcome, details });
  return {
    ...run,
    userId: actor.startsWith(USER) ? (actor.slice(USER.length) as UserId) : null,
    operation: details.operation ?? null,
    modelSlug: details.model ?? null,
    variant: details.variant ?? null,
    tier: details.tier === 'batch' ? 'BATCH' : 'STANDARD',
    status: statusOf(end),
    errorCode: errorCodeOf(end),
    units: (details.units ?? []).map(toChargedUnit),
    imageCount: images ?? null,
    imagesCached: imagesCached ?? null,
    timingsMs: timingsMs ?? null,
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
  @Field(() => [RunEdgeType], { description: 'Runs on this page, in order.' })
  readonly edges!: readonly RunEdgeType[];

  @Field(() => [RunType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly RunType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
