import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { NanoUSD } from '../graphql/scalars.js';
import { CAP_PERIODS, type CapPeriod, KEY_SCOPES, type KeyScope } from './api-key.js';

registerEnumType(KEY_SCOPES, {
  name: 'KeyScope',
  description: 'Permission of an API key.',
  valuesConfig: {
    INFERENCE: { description: 'Allows calling models; calls consume credit.' },
    READ: { description: 'Allows reading the balance, ledger, runs and keys.' },
    BILLING: { description: 'Allows buying credit.' },
    ADMIN: { description: 'Allows managing keys and members.' },
  },
});

registerEnumType(CAP_PERIODS, {
  name: 'CapPeriod',
  description: 'Period after which a spend cap resets.',
  valuesConfig: {
    DAY: { description: 'Resets daily at midnight UTC.' },
    MONTH: { description: 'Resets on the first of each month at midnight UTC.' },
    TOTAL: { description: 'Never resets; caps the total spend.' },
  },
});

@ObjectType('ApiKey', {
  implements: NodeType,
  description: 'An API key. Its secret is not stored.',
})
export class ApiKeyType extends NodeType {
  @Field(() => ID, { description: 'ID of the API key, prefixed with `key_`.' })
  readonly id!: string;

  @Field(() => String, { description: 'Name that describes the purpose of the key.' })
  readonly name!: string;

  @Field(() => String, { description: 'First characters of the secret.' })
  readonly prefix!: string;

  @Field(() => String, { description: 'Last four characters of the secret.' })
  readonly lastFour!: string;

  @Field(() => [KEY_SCOPES], { description: 'Permissions of the key.' })
  readonly scopes!: readonly KeyScope[];

  @Field(() => NanoUSD, {
    nullable: true,
    description:
      'Maximum spend per `capPeriod`, shared with the keys that it was rotated from or to; null means no cap.',
  })
  readonly spendCapNanos!: bigint | null;

  @Field(() => CAP_PERIODS, { description: 'Period of the spend cap.' })
  readonly capPeriod!: CapPeriod;

  @Field(() => [String], {
    description: 'Slugs of the models that the key can call; empty means all.',
  })
  readonly models!: readonly string[];

  @Field(() => Int, {
    nullable: true,
    description: 'Maximum calls per minute; null means the account’s limit applies.',
  })
  readonly ratePerMinute!: number | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'ID of the user or key that created this key; null if the server created it. The key is revoked when that user leaves the account.',
  })
  readonly createdBy!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the key was created.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time at which the key expires; null if it does not.',
  })
  readonly expiresAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description:
      'Time at which the key stops working; may be in the future after rotation. Null if it is not revoked.',
  })
  readonly revokedAt!: Date | null;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Time of last use, accurate to a few seconds; null if never used.',
  })
  readonly lastUsedAt!: Date | null;
}
