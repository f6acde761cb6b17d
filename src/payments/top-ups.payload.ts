import { Field, ObjectType } from 'type-graphql';
import { AccountPayloadType } from '../graphql/payload.type.js';
import { AutoTopUpType } from './top-up.type.js';

@ObjectType('SaveCardPayload', { description: 'Result of `saveCard`.' })
export class SaveCardPayload extends AccountPayloadType {
  @Field(() => String, {
    nullable: true,
    description: 'URL of the page on which the customer saves a card.',
  })
  readonly url?: string;
}

@ObjectType('EnableAutoTopUpPayload', { description: 'Result of `enableAutoTopUp`.' })
export class EnableAutoTopUpPayload extends AccountPayloadType {
  @Field(() => AutoTopUpType, {
    nullable: true,
    description: 'The updated automatic top-up settings.',
  })
  readonly autoTopUp?: AutoTopUpType | null;
}

@ObjectType('DisableAutoTopUpPayload', { description: 'Result of `disableAutoTopUp`.' })
export class DisableAutoTopUpPayload extends AccountPayloadType {
  @Field(() => AutoTopUpType, {
    nullable: true,
    description: 'The disabled automatic top-up settings.',
  })
  readonly autoTopUp?: AutoTopUpType | null;
}
