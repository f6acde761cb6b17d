import { ObjectType } from 'type-graphql';
import { AccountPayloadType, PayloadType } from '../graphql/payload.type.js';

@ObjectType('UpdateSecurityMailsPayload', { description: 'Result of `updateSecurityMails`.' })
export class UpdateSecurityMailsPayload extends PayloadType {}

@ObjectType('CloseAccountPayload', { description: 'Result of `closeAccount`.' })
export class CloseAccountPayload extends AccountPayloadType {}

@ObjectType('UpdateAccountPayload', { description: 'Result of `updateAccount`.' })
export class UpdateAccountPayload extends AccountPayloadType {}
