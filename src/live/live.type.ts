import { Field, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { MODEL_STATUSES, type ModelStanding, type ModelStatus } from '../catalog/index.js';
import { NanoUSD } from '../graphql/scalars.js';

@ObjectType('UsageTick', { description: 'What an account used in a short while, [from, to).' })
export class UsageTickType {
  @Field(() => GraphQLISODateTime, { description: 'Begin, by the database’s clock; included.' })
  readonly from!: Date;

  @Field(() => GraphQLISODateTime, { description: 'End; not included.' })
  readonly to!: Date;

  @Field(() => Int, { description: 'Calls that ended in it, whatever their outcome.' })
  readonly calls!: number;

  @Field(() => Int, { description: 'Of these, those that failed; they are charged nothing.' })
  readonly errors!: number;

  @Field(() => NanoUSD, { description: 'What they cost together.' })
  readonly costNanos!: bigint;
}

@ObjectType('ModelStatusChange', { description: 'Where a model stands from now on.' })
export class ModelStatusChangeType {
  @Field(() => ID, { description: '"mdl_…".' })
  readonly modelId: string;

  @Field(() => String, { description: 'Canonical name in addresses, "owner/name".' })
  readonly slug: string;

  @Field(() => String, { description: 'Name for people.' })
  readonly name: string;

  @Field(() => MODEL_STATUSES, { description: 'Where it stands.' })
  readonly status: ModelStatus;

  @Field(() => GraphQLISODateTime, { description: 'Since when.' })
  readonly since: Date;

  constructor({ id, slug, name, status, statusChangedAt }: ModelStanding) {
    this.modelId = id;
    this.slug = slug;
    this.name = name;
    this.status = status;
    this.since = statusChangedAt;
  }
}
