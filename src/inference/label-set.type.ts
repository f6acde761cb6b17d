import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';

@ObjectType('LabelSet', {
  implements: NodeType,
  description: 'A saved list of labels, charged once per model.',
})
export class LabelSetType implements NodeType {
  @Field(() => ID, {
    description: 'ID of the label set, prefixed with `lset_`; pass as `labelSetId`.',
  })
  readonly id!: string;

  @Field(() => String, { description: 'Name of the label set; unique per account.' })
  readonly name!: string;

  @Field(() => [String], { description: 'Labels in the order given.' })
  readonly labels!: readonly string[];

  @Field(() => String, { nullable: true, description: 'Prompt template; null for the default.' })
  readonly template!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the label set was created.' })
  readonly createdAt!: Date;
}

@ObjectType('LabelSetEdge', { description: 'An edge in a list of label sets.' })
export class LabelSetEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => LabelSetType, { description: 'The object at the end of the edge.' })
  readonly node!: LabelSetType;
}

@ObjectType('LabelSetConnection', { description: 'A page of an account’s label sets.' })
export class LabelSetConnectionType {
  @Field(() => [LabelSetEdgeType], { description: 'Label sets on this page, by name.' })
  readonly edges!: readonly LabelSetEdgeType[];

  @Field(() => [LabelSetType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly LabelSetType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
