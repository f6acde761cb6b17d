import { Field, ID, ObjectType } from 'type-graphql';
import { AccountPayloadType, PayloadType } from '../graphql/payload.type.js';
import { ModelRequestType } from './model-request.type.js';

@ObjectType('RequestModelPayload', { description: 'Result of `requestModel`.' })
export class RequestModelPayload extends AccountPayloadType {
  @Field(() => ModelRequestType, { nullable: true, description: 'The new or updated request.' })
  readonly modelRequest?: ModelRequestType;
}

@ObjectType('WithdrawModelRequestPayload', { description: 'Result of `withdrawModelRequest`.' })
export class WithdrawModelRequestPayload extends AccountPayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the withdrawn request.' })
  readonly deletedModelRequestId?: string;
}

@ObjectType('JoinWaitlistPayload', { description: 'Result of `joinWaitlist`.' })
export class JoinWaitlistPayload extends PayloadType {}

@ObjectType('ConfirmWaitlistPayload', { description: 'Result of `confirmWaitlist`.' })
export class ConfirmWaitlistPayload extends PayloadType {}

@ObjectType('LeaveWaitlistPayload', { description: 'Result of `leaveWaitlist`.' })
export class LeaveWaitlistPayload extends PayloadType {}
