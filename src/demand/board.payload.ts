import { Field, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { BoardEntryType } from './board.type.js';

@ObjectType('PlanModelPayload', { description: 'Result of `planModel`.' })
export class PlanModelPayload extends PayloadType {
  @Field(() => BoardEntryType, {
    nullable: true,
    description: 'The updated entry on the demand board.',
  })
  readonly entry?: BoardEntryType;
}

@ObjectType('CommentOnModelPayload', { description: 'Result of `commentOnModel`.' })
export class CommentOnModelPayload extends PayloadType {
  @Field(() => BoardEntryType, { nullable: true, description: 'The entry with the new comment.' })
  readonly entry?: BoardEntryType;
}

@ObjectType('AcceptProposedModelPayload', { description: 'Result of `acceptProposedModel`.' })
export class AcceptProposedModelPayload extends PayloadType {
  @Field(() => BoardEntryType, { nullable: true, description: 'The entry of the accepted model.' })
  readonly entry?: BoardEntryType;
}

@ObjectType('MergeModelsPayload', { description: 'Result of `mergeModels`.' })
export class MergeModelsPayload extends PayloadType {
  @Field(() => BoardEntryType, {
    nullable: true,
    description: 'The entry of the model that was kept.',
  })
  readonly entry?: BoardEntryType;
}
