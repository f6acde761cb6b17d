import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';

@ObjectType('LabelSet', { description: 'A saved list of labels, charged once per model.' })
export class LabelSetType {
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
