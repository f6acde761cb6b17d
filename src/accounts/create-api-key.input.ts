import { Field, GraphQLISODateTime, InputType, Int } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import { CAP_PERIODS, type CapPeriod, KEY_SCOPES, type KeyScope } from './api-key.js';

@InputType('CreateApiKeyInput', { description: 'A key to make.' })
export class CreateApiKeyInput {
  @Field(() => String, { description: 'What it is for, 1 to 100 characters.' })
  name!: string;

  @Field(() => [KEY_SCOPES], {
    defaultValue: ['INFERENCE'],
    description: 'What it may do; nothing that you may not.',
  })
  scopes!: KeyScope[];

  @Field(() => NanoUSD, { nullable: true, description: 'Most that it may spend in each period.' })
  spendCapNanos?: bigint;

  @Field(() => CAP_PERIODS, { defaultValue: 'MONTH', description: 'The period of the cap.' })
  capPeriod!: CapPeriod;

  @Field(() => [String], { nullable: true, description: 'Models that it may run; left out: all.' })
  models?: string[];

  @Field(() => Int, { nullable: true, description: 'Calls in a minute.' })
  ratePerMinute?: number;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it ends by itself.' })
  expiresAt?: Date;
}
