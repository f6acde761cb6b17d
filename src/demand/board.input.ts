import { Field, ID, InputType } from 'type-graphql';

@InputType('CommentOnModelInput', { description: 'Input for `commentOnModel`.' })
export class CommentOnModelInput {
  @Field(() => ID, { description: 'ID of the model, prefixed with `mdl_`.' })
  readonly modelId!: string;

  @Field(() => String, { description: 'Text of the comment, 1 to 2,000 characters.' })
  readonly text!: string;
}

@InputType('AcceptProposedModelInput', { description: 'Input for `acceptProposedModel`.' })
export class AcceptProposedModelInput {
  @Field(() => ID, { description: 'ID of the model, prefixed with `mdl_`.' })
  readonly modelId!: string;
}

@InputType('MergeModelsInput', { description: 'Input for `mergeModels`.' })
export class MergeModelsInput {
  @Field(() => ID, { description: 'ID of the model to merge and remove, prefixed with `mdl_`.' })
  readonly goneId!: string;

  @Field(() => ID, { description: 'ID of the model to keep, prefixed with `mdl_`.' })
  readonly intoId!: string;
}
