import { Field, InputType } from 'type-graphql';

@InputType('PublishModelInput', { description: 'Input for `publishModel`.' })
export class PublishModelInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  readonly model!: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      'Whether to publish a model whose golden scores were verified only against the built-in reference. Recorded in the audit log and the changelog of the model.',
  })
  readonly allowUnverified!: boolean;
}
