import { AccountInput } from '../graphql/input.js';
import { Field, GraphQLISODateTime, InputType, Int } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import { CAP_PERIODS, type CapPeriod, KEY_SCOPES, type KeyScope } from './api-key.js';

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

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Maximum spend per `capPeriod`; omit for no cap.',
  })
  spendCapNanos?: bigint;

  @Field(() => CAP_PERIODS, { defaultValue: 'MONTH', description: 'Period of the spend cap.' })
  capPeriod!: CapPeriod;

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

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the key expires; omit for no expiry.',
  })
  expiresAt?: Date;
}
