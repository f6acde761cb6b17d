import { Field, ID, ObjectType } from 'type-graphql';
import { AccountPayloadType } from '../graphql/payload.type.js';
import { LabelSetEdgeType, LabelSetType } from './label-set.type.js';

@ObjectType('CreateLabelSetPayload', { description: 'Result of `createLabelSet`.' })
export class CreateLabelSetPayload extends AccountPayloadType {
  @Field(() => LabelSetEdgeType, {
    nullable: true,
    description: 'Edge of the new label set in the list of the account.',
  })
  readonly labelSetEdge?: LabelSetEdgeType;

  @Field(() => LabelSetType, { nullable: true, description: 'The new label set.' })
  readonly labelSet?: LabelSetType;
}

@ObjectType('UpdateLabelSetPayload', { description: 'Result of `updateLabelSet`.' })
export class UpdateLabelSetPayload extends AccountPayloadType {
  @Field(() => LabelSetType, { nullable: true, description: 'The updated label set.' })
  readonly labelSet?: LabelSetType;
}

@ObjectType('DeleteLabelSetPayload', { description: 'Result of `deleteLabelSet`.' })
export class DeleteLabelSetPayload extends AccountPayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the deleted label set.' })
  readonly deletedLabelSetId?: string;
}
