import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import {
  API_KEY_STATES,
  type ApiKeyState,
  CAP_PERIODS,
  KEY_SCOPES,
  type KeyScope,
} from './api-key.js';

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

registerEnumType(API_KEY_STATES, {
  name: 'ApiKeyState',
  description: 'Whether an API key works.',
  valuesConfig: {
    ACTIVE: {
      description: 'The key works, including the grace period of a key that was rotated.',
    },
    EXPIRED: { description: 'The key has expired.' },
    REVOKED: { description: 'The key was revoked, or its grace period is over.' },
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

  @Field(() => API_KEY_STATES, { description: 'Whether the key works, has expired or is revoked.' })
  readonly state!: ApiKeyState;

  @Field(() => String, { description: 'First characters of the secret.' })
  readonly prefix!: string;

  @Field(() => String, { description: 'Last four characters of the secret.' })
  readonly lastFour!: string;

  @Field(() => [KEY_SCOPES], { description: 'Permissions of the key.' })
  readonly scopes!: readonly KeyScope[];

  @Field(() => [String], {
    description: 'Slugs of the models that the key can call; empty means all.',
  })
  readonly models!: readonly string[];

  @Field(() => Int, {
    nullable: true,
    description: 'Maximum calls per minute; null means the account’s limit applies.',
  })
  readonly ratePerMinute!: number | null;

  @Field(() => [String], {
    description:
      'IP addresses and CIDR ranges from which the key can be used; empty means everywhere.',
  })
  readonly allowedIps!: readonly string[];

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

@ObjectType('ApiKeyEdge', { description: 'An edge in a list of API keys.' })
export class ApiKeyEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => ApiKeyType, { description: 'The API key at the end of the edge.' })
  readonly node!: ApiKeyType;
}

@ObjectType('ApiKeyConnection', { description: 'A page of an account’s API keys.' })
export class ApiKeyConnectionType {
  @Field(() => [ApiKeyEdgeType], { description: 'Keys on this page, in order.' })
  readonly edges!: readonly ApiKeyEdgeType[];

  @Field(() => [ApiKeyType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly ApiKeyType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
