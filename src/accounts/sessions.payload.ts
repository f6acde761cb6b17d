import { Field, ID, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';

@ObjectType('ConfirmIdentityPayload', { description: 'Result of `confirmIdentity`.' })
export class ConfirmIdentityPayload extends PayloadType {}

@ObjectType('EndSessionPayload', { description: 'Result of `endSession`.' })
export class EndSessionPayload extends PayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the ended session.' })
  readonly endedSessionId?: string;
}

@ObjectType('EndOtherSessionsPayload', { description: 'Result of `endOtherSessions`.' })
export class EndOtherSessionsPayload extends PayloadType {}
