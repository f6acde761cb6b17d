import { Field, ID, ObjectType } from 'type-graphql';
import { AccountPayloadType } from '../graphql/payload.type.js';
import { AlertRuleType } from './alert.type.js';

@ObjectType('CreateAlertRulePayload', { description: 'Result of `createAlertRule`.' })
export class CreateAlertRulePayload extends AccountPayloadType {
  @Field(() => AlertRuleType, { nullable: true, description: 'The new alert rule.' })
  readonly alertRule?: AlertRuleType;
}

@ObjectType('UpdateAlertRulePayload', { description: 'Result of `updateAlertRule`.' })
export class UpdateAlertRulePayload extends AccountPayloadType {
  @Field(() => AlertRuleType, { nullable: true, description: 'The updated alert rule.' })
  readonly alertRule?: AlertRuleType;
}

@ObjectType('DeleteAlertRulePayload', { description: 'Result of `deleteAlertRule`.' })
export class DeleteAlertRulePayload extends AccountPayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the deleted alert rule.' })
  readonly deletedAlertRuleId?: string;
}
