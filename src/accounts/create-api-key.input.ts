import { AccountInput } from '../graphql/input.js';
import { Field, GraphQLISODateTime, InputType, Int } from 'type-graphql';
import { KEY_SCOPES, type KeyScope } from './api-key.js';
import { SpendCapInput } from './keys.input.js';

@InputType('CreateApiKeyInput', { description: 'Settings of a new API key.' })
export class CreateApiKeyInput extends AccountInput {
  @Field(() => String, {
    description: 'Name that describes the purpose of the key, 1 to 100 characters.',
  })
  name!: string;

  @Field(() => [KEY_SCOPES], {
    defaultValue: ['INFERENCE'],
    description: 'Permissions of the key; limited to those of the caller.',
  })
  scopes!: KeyScope[];

  @Field(() => SpendCapInput, {
    nullable: true,
    description: 'Spend cap of the key, per month unless it says otherwise; omit for no cap.',
  })
  spendCap?: SpendCapInput | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Slugs of the models that the key can call; omit for all.',
  })
  models?: string[];

  @Field(() => Int, {
    nullable: true,
    description: 'Maximum calls per minute; omit to apply the account’s limit.',
  })
  ratePerMinute?: number;

  @Field(() => [String], {
    nullable: true,
    description:
      'IP addresses and CIDR ranges, IPv4 or IPv6, from which the key can be used, at most 100; omit for everywhere.',
  })
  allowedIps?: string[];

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the key expires; omit for no expiry.',
  })
  expiresAt?: Date;
}
