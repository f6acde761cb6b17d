import { Field, GraphQLISODateTime, ID, ObjectType } from 'type-graphql';

@ObjectType('LabelSet', { description: 'Saved labels; paid for once for each model.' })
export class LabelSetType {
  @Field(() => ID, { description: '"lset_…", for `labelSetId`.' })
  readonly id!: string;

  @Field(() => String, { description: 'Unique in the account.' })
  readonly name!: string;

  @Field(() => [String], { description: 'In the order given.' })
  readonly labels!: readonly string[];

  @Field(() => String, { nullable: true, description: 'Prompt; null: the default.' })
  readonly template!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'When it was made.' })
  readonly createdAt!: Date;
}

@ObjectType('DeletedLabelSet', { description: 'What was deleted.' })
export class DeletedLabelSetType {
  @Field(() => ID, { description: 'Its id.' })
  readonly id!: string;
}
