import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { NanoUSD } from '../graphql/scalars.js';

@ObjectType('ModelRequest', {
  implements: NodeType,
  description: 'Somebody wants to call a model.',
})
export class ModelRequestType implements NodeType {
  @Field(() => ID, { description: 'Stable id, "mreq_…".' })
  readonly id!: string;

  readonly modelId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The account that asks; null for somebody without one, by mail.',
  })
  readonly accountId!: string | null;

  @Field(() => String, { nullable: true, description: 'What it is wanted for.' })
  readonly useCase!: string | null;

  @Field(() => GraphQLSafeInt, { nullable: true, description: 'Calls a month that are expected.' })
  readonly monthlyVolume!: number | null;

  @Field(() => Boolean, { description: 'Whether to write about it, the launch included.' })
  readonly contactOk!: boolean;

  @Field(() => GraphQLISODateTime, { description: 'When it was first asked.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'When it was last changed.' })
  readonly updatedAt!: Date;

  @Field(() => Int, { description: 'Place among those who ask for the model, from 1.' })
  readonly place!: number;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Since when the account may call the model before it is live.',
  })
  readonly earlyAccessAt!: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When its launch was told.' })
  readonly notifiedAt!: Date | null;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Credit that the account was given at the launch.',
  })
  readonly launchCreditNanos!: bigint | null;
}

@ObjectType('ModelRequestEdge', { description: 'A request and its place in the list.' })
export class ModelRequestEdgeType {
  @Field(() => String, { description: 'For `after`.' })
  readonly cursor!: string;

  @Field(() => ModelRequestType, { description: 'The request.' })
  readonly node!: ModelRequestType;
}

@ObjectType('ModelRequestConnection', { description: 'A page of requests.' })
export class ModelRequestConnectionType {
  @Field(() => [ModelRequestEdgeType], { description: 'The requests of the page.' })
  readonly edges!: readonly ModelRequestEdgeType[];

  @Field(() => PageInfoType, { description: 'Where the page lies.' })
  readonly pageInfo!: PageInfoType;
}
