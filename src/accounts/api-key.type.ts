import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import { CAP_PERIODS, type CapPeriod, KEY_SCOPES, type KeyScope } from './api-key.js';

registerEnumType(KEY_SCOPES, {
  name: 'KeyScope',
  description: 'What a key may do.',
  valuesConfig: {
    INFERENCE: { description: 'Run models, which costs credit.' },
    READ: { description: 'Read balance, ledger, runs and keys.' },
    BILLING: { description: 'Buy credit.' },
    ADMIN: { description: 'Manage keys and members.' },
  },
});

registerEnumType(CAP_PERIODS, {
  name: 'CapPeriod',
  description: 'For how long a spend cap counts.',
  valuesConfig: {
    DAY: { description: 'Each day, from midnight UTC.' },
    MONTH: { description: 'Each month, from the first, midnight UTC.' },
    TOTAL: { description: 'For ever.' },
  },
});

@ObjectType('ApiKey', { description: 'A credential of an account; the secret is not kept.' })
export class ApiKeyType {
  @Field(() => ID, { description: '"key_…".' })
  readonly id!: string;

  @Field(() => String, { description: 'What it is for.' })
  readonly name!: string;

  @Field(() => String, { description: 'The secret’s first characters.' })
  readonly prefix!: string;

  @Field(() => String, { description: 'The secret’s last four characters.' })
  readonly lastFour!: string;

  @Field(() => [KEY_SCOPES], { description: 'What it may do.' })
  readonly scopes!: readonly KeyScope[];

  @Field(() => NanoUSD, {
    nullable: true,
    description:
      'Most that it may spend in each period, together with the keys that it was rotated from or to.',
  })
  readonly spendCapNanos!: bigint | null;

  @Field(() => CAP_PERIODS, { description: 'The period of the cap.' })
  readonly capPeriod!: CapPeriod;

  @Field(() => [String], { description: 'Models that it may run; empty: all.' })
  readonly models!: readonly string[];

  @Field(() => Int, {
    nullable: true,
    description: 'Calls in a minute; null: the platform’s limit.',
  })
  readonly ratePerMinute!: number | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Person or key that made it, "usr_…" or "key_…"; null: the server itself. The key ends when that person leaves the account.',
  })
  readonly createdBy!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'When it was made.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it ends by itself.' })
  readonly expiresAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'When it was ended, or will be after its rotation.',
  })
  readonly revokedAt!: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'To within some seconds.' })
  readonly lastUsedAt!: Date | null;
}

@ObjectType('CreatedApiKey', { description: 'A new key, with its secret.' })
export class CreatedApiKeyType {
  @Field(() => ApiKeyType, { description: 'The key.' })
  readonly key!: ApiKeyType;

  @Field(() => String, { description: 'Shown here, and never again.' })
  readonly secret!: string;
}
