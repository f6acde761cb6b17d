import { Field, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { MODEL_STATUSES, type ModelStanding, type ModelStatus } from '../catalog/index.js';
import { AccountType } from '../graphql/account.type.js';
import { NanoUSD } from '../graphql/scalars.js';
import { RunType } from '../usage/index.js';

@ObjectType('UsageTick', {
  description: 'Usage of an account in a short interval, including `from` and excluding `to`.',
})
export class UsageTickType {
  @Field(() => GraphQLISODateTime, {
    description: 'Start of the interval by the database clock, inclusive.',
  })
  readonly from!: Date;

  @Field(() => GraphQLISODateTime, {
    description: 'End of the interval by the database clock, exclusive.',
  })
  readonly to!: Date;

  @Field(() => Int, { description: 'Number of calls that finished, successful or not.' })
  readonly calls!: number;

  @Field(() => Int, { description: 'Number of failed calls; these are not charged.' })
  readonly errors!: number;

  @Field(() => NanoUSD, { description: 'Total amount charged for the calls.' })
  readonly costNanos!: bigint;
}

@ObjectType('RunFinishedPayload', { description: 'A finished call and its account.' })
export class RunFinishedPayloadType {
  @Field(() => RunType, { description: 'The run of the finished call.' })
  readonly run!: RunType;

  @Field(() => AccountType, { description: 'Account that made the call.' })
  readonly account!: AccountType;
}

@ObjectType('ModelStatusChange', { description: 'New status of a model.' })
export class ModelStatusChangeType {
  @Field(() => ID, { description: 'ID of the model, prefixed with `mdl_`.' })
  readonly modelId: string;

  @Field(() => String, { description: 'Canonical name of the model, in the form "owner/name".' })
  readonly slug: string;

  @Field(() => String, { description: 'Display name of the model.' })
  readonly name: string;

  @Field(() => MODEL_STATUSES, { description: 'New status of the model.' })
  readonly status: ModelStatus;

  @Field(() => GraphQLISODateTime, { description: 'Time of the status change.' })
  readonly since: Date;

  constructor({ id, slug, name, status, statusChangedAt }: ModelStanding) {
    this.modelId = id;
    this.slug = slug;
    this.name = name;
    this.status = status;
    this.since = statusChangedAt;
  }
}
