import { Field, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { ModelType } from './model.type.js';

@ObjectType('CreateModelPayload', { description: 'Result of `createModel`.' })
export class CreateModelPayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The created model.' })
  readonly model?: ModelType;
}

@ObjectType('UpdateModelPayload', { description: 'Result of `updateModel`.' })
export class UpdateModelPayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The updated model.' })
  readonly model?: ModelType;
}

@ObjectType('DeprecateModelPayload', { description: 'Result of `deprecateModel`.' })
export class DeprecateModelPayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The deprecated model.' })
  readonly model?: ModelType;
}

@ObjectType('RetireModelPayload', { description: 'Result of `retireModel`.' })
export class RetireModelPayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The retired model.' })
  readonly model?: ModelType;
}

@ObjectType('CreateModelAliasPayload', { description: 'Result of `createModelAlias`.' })
export class CreateModelAliasPayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The model with the new alias.' })
  readonly model?: ModelType;
}

@ObjectType('DeleteModelAliasPayload', { description: 'Result of `deleteModelAlias`.' })
export class DeleteModelAliasPayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The model without the alias.' })
  readonly model?: ModelType;
}

@ObjectType('RenameModelPayload', { description: 'Result of `renameModel`.' })
export class RenameModelPayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The renamed model.' })
  readonly model?: ModelType;
}

@ObjectType('SetModelPricePayload', { description: 'Result of `setModelPrice`.' })
export class SetModelPricePayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The model with the updated prices.' })
  readonly model?: ModelType;
}

@ObjectType('CreateModelChangePayload', { description: 'Result of `createModelChange`.' })
export class CreateModelChangePayload extends PayloadType {
  @Field(() => ModelType, {
    nullable: true,
    description: 'The model with the new changelog entry.',
  })
  readonly model?: ModelType;
}
