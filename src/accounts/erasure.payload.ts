import { ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';

@ObjectType('EraseMePayload', { description: 'Result of `eraseMe`.' })
export class EraseMePayload extends PayloadType {}

@ObjectType('ErasePersonPayload', { description: 'Result of `erasePerson`.' })
export class ErasePersonPayload extends PayloadType {}
