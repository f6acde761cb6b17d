import { Field, InputType } from 'type-graphql';

@InputType('DeprecateModelInput', { description: 'Input for `deprecateModel`.' })
export class DeprecateModelInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  readonly model!: string;

  @Field(() => String, { nullable: true, description: 'Reason, shown in the model’s changelog.' })
  readonly reason?: string | null;
}

@InputType('RetireModelInput', { description: 'Input for `retireModel`.' })
export class RetireModelInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  readonly model!: string;

  @Field(() => String, { nullable: true, description: 'Reason, shown in the model’s changelog.' })
  readonly reason?: string | null;
}

@InputType('CreateModelAliasInput', { description: 'Input for `createModelAlias`.' })
export class CreateModelAliasInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  readonly model!: string;

  @Field(() => String, { description: 'New alias in the form "owner/name"; must not be in use.' })
  readonly alias!: string;
}

@InputType('DeleteModelAliasInput', { description: 'Input for `deleteModelAlias`.' })
export class DeleteModelAliasInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  readonly model!: string;

  @Field(() => String, { description: 'Alias to remove, in the form "owner/name".' })
  readonly alias!: string;
}

@InputType('RenameModelInput', { description: 'Input for `renameModel`.' })
export class RenameModelInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  readonly model!: string;

  @Field(() => String, {
    description: 'New slug in the form "owner/name"; must not be used by another model.',
  })
  readonly slug!: string;
}

@InputType('CreateModelChangeInput', { description: 'Input for `createModelChange`.' })
export class CreateModelChangeInput {
  @Field(() => String, { description: 'Slug or alias of the model.' })
  readonly model!: string;

  @Field(() => String, { description: 'Changelog text, 1 to 2,000 characters.' })
  readonly text!: string;
}
