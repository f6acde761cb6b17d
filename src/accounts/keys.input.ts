import { Field, Float, GraphQLISODateTime, ID, InputType, Int } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';
import { NanoUSD } from '../graphql/scalars.js';
import { CAP_PERIODS, KEY_SCOPES, type CapPeriod, type KeyScope } from './api-key.js';

@InputType('RotateApiKeyInput', { description: 'Input for `rotateApiKey`.' })
export class RotateApiKeyInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the API key to replace, prefixed with `key_`.' })
  readonly id!: string;

  @Field(() => Float, {
    defaultValue: 24,
    description: 'Hours for which the replaced key keeps working, 0 to 720.',
  })
  readonly graceHours!: number;
}

@InputType('RevokeApiKeyInput', { description: 'Input for `revokeApiKey`.' })
export class RevokeApiKeyInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the API key to revoke, prefixed with `key_`.' })
  readonly id!: string;
}

@InputType('SpendCapInput', { description: 'Spend cap of an API key.' })
export class SpendCapInput {
  @Field(() => NanoUSD, { description: 'Maximum spend per period, 0 or more.' })
  readonly nanos!: bigint;

  @Field(() => CAP_PERIODS, {
    nullable: true,
    description:
      'Period of the spend cap; null or omitted keeps the current one, MONTH for a new key.',
  })
  readonly period?: CapPeriod | null;
}

@InputType('UpdateApiKeyInput', {
  description: 'Changes to an API key. Omitted fields keep their values.',
})
export class UpdateApiKeyInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the API key, prefixed with `key_`.' })
  readonly id!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Name that describes the purpose of the key, 1 to 100 characters.',
  })
  readonly name?: string | null;

  @Field(() => SpendCapInput, {
    nullable: true,
    description: 'Spend cap of the key; null removes it.',
  })
  readonly spendCap?: SpendCapInput | null;

  @Field(() => [KEY_SCOPES], {
    nullable: true,
    description: 'Permissions of the key, at least one.',
  })
  readonly scopes?: KeyScope[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Slugs of the models that the key can call; null or empty allows all models.',
  })
  readonly models?: string[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Maximum calls per minute, 1 to 1,000,000; null removes the limit.',
  })
  readonly ratePerMinute?: number | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'IP addresses and CIDR ranges, IPv4 or IPv6, from which the key can be used, at most 100; null or empty allows all.',
  })
  readonly allowedIps?: string[] | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the key expires; null removes the expiry.',
  })
  readonly expiresAt?: Date | null;
}
