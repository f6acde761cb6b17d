import { Field, ID, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';

@ObjectType('ConfirmIdentityPayload', { description: 'Result of `confirmIdentity`.' })
export class ConfirmIdentityPayload extends PayloadType {}

@ObjectType('RevokeSessionPayload', { description: 'Result of `revokeSession`.' })
export class RevokeSessionPayload extends PayloadType {
  @Field(() => ID, { nullable: true, description: 'ID of the ended session.' })
  readonly endedSessionId?: string;
}

@ObjectType('RevokeOtherSessionsPayload', { description: 'Result of `revokeOtherSessions`.' })
export class RevokeOtherSessionsPayload extends PayloadType {}
