import { GraphQLSafeInt } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, Int, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { NanoUSD } from '../graphql/scalars.js';

@ObjectType('ModelRequest', {
  implements: NodeType,
  description: 'A request to make a model available.',
})
export class ModelRequestType implements NodeType {
  @Field(() => ID, { description: 'ID of the request, prefixed with `mreq_`.' })
  readonly id!: string;

  readonly modelId!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'ID of the requesting account; null for waitlist requests by email.',
  })
  readonly accountId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Intended use of the model; null if not stated.',
  })
  readonly useCase!: string | null;

  @Field(() => GraphQLSafeInt, {
    nullable: true,
    description: 'Expected number of calls per month; null if not stated.',
  })
  readonly monthlyVolume!: number | null;

  @Field(() => Boolean, {
    name: 'isContactAllowed',
    description: 'Whether the requester agreed to emails about the model, including its launch.',
  })
  readonly contactOk!: boolean;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the model was first requested.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the request was last updated.' })
  readonly updatedAt!: Date;

  @Field(() => Int, { description: 'Position among the requests for the model, from 1.' })
  readonly place!: number;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description:
      'Time at which the account was given early access to the model; null if it has none.',
  })
  readonly earlyAccessAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the requester was notified of the launch; null if not yet.',
  })
  readonly notifiedAt!: Date | null;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Launch credit that the account received; null if none.',
  })
  readonly launchCreditNanos!: bigint | null;
}

@ObjectType('ModelRequestEdge', { description: 'An edge in a list of model requests.' })
export class ModelRequestEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => ModelRequestType, { description: 'The model request at the end of the edge.' })
  readonly node!: ModelRequestType;
}

@ObjectType('ModelRequestConnection', { description: 'A page of model requests.' })
export class ModelRequestConnectionType {
  @Field(() => [ModelRequestEdgeType], { description: 'Requests on this page.' })
  readonly edges!: readonly ModelRequestEdgeType[];

  @Field(() => [ModelRequestType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly ModelRequestType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
