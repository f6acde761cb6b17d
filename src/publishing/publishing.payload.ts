import { Field, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { ModelType } from '../catalog/index.js';

@ObjectType('PublishModelPayload', { description: 'Result of `publishModel`.' })
export class PublishModelPayload extends PayloadType {
  @Field(() => ModelType, { nullable: true, description: 'The published model.' })
  readonly model?: ModelType;
}
