import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { AccountType } from '../graphql/account.type.js';
import { PAGE_SIZE_DEFAULT, PageInfoType } from '../graphql/pagination.js';
import { ACCOUNT_KINDS, ACCOUNT_STATUSES, ROLES } from './account.js';
import { ApiKeyType } from './api-key.type.js';
import { UserType } from './user.type.js';

registerEnumType(ACCOUNT_KINDS, {
  name: 'AccountKind',
  description: 'Type of an account.',
  valuesConfig: {
    PERSONAL: { description: 'Account of a single person.' },
    ORGANIZATION: { description: 'Account shared by several people with different roles.' },
  },
});

registerEnumType(ROLES, {
  name: 'Role',
  description: 'Role of a member in an account.',
  valuesConfig: {
    OWNER: { description: 'Has every permission.' },
    ADMIN: {
      description: 'Has every permission except closing the account and appointing owners.',
    },
    DEVELOPER: { description: 'Can call models and read everything.' },
    BILLING: { description: 'Can buy credit and read everything.' },
    VIEWER: { description: 'Can read everything.' },
  },
});

registerEnumType(ACCOUNT_STATUSES, {
  name: 'AccountStatus',
  description: 'State of an account.',
  valuesConfig: {
    ACTIVE: { description: 'Can call models and buy credit.' },
    FROZEN: {
      description: 'Frozen by an operator. Can be read, but cannot call models or buy credit.',
    },
    CLOSED: { description: 'Closed by its owner. Its history is kept.' },
  },
});

@ObjectType('AccountLimits', {
  description: 'Call limits that an operator set for an account.',
})
export class AccountLimitsType {
  @Field(() => Int, {
    nullable: true,
    description: 'Maximum calls per minute across all API keys; null means the server default.',
  })
  readonly ratePerMinute!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Maximum concurrent calls per server process; null means the server default.',
  })
  readonly concurrencyMax!: number | null;
}

@ObjectType('Viewer', {
  description: 'The caller and the accounts that they can use.',
})
export class ViewerType {
  @Field(() => UserType, {
    nullable: true,
    description: 'The signed-in user; null for an API key.',
  })
  readonly user!: UserType | null;

  @Field(() => ApiKeyType, {
    nullable: true,
    description: 'The API key of the request; null for a signed-in user.',
  })
  readonly apiKey!: ApiKeyType | null;

  @Field(() => Boolean, { description: 'Whether the user is an operator of this platform.' })
  readonly isOperator!: boolean;

  @Field(() => Boolean, {
    name: 'isSecurityMailEnabled',
    nullable: true,
    description:
      'Whether the user receives security emails about sign-ins from new devices, password changes, and new or more powerful API keys; null for an API key.',
  })
  readonly securityMails?: boolean;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether signing in requires a second factor; null for an API key.',
  })
  readonly hasSecondFactor?: boolean;

  @Field(() => [AccountType], {
    // As many as a page has; few people have more.
    complexity: ({ childComplexity }) => PAGE_SIZE_DEFAULT * (1 + childComplexity),
    description:
      'Accounts of the caller: the personal account first, then organizations by name; for an API key, its account.',
  })
  readonly accounts!: readonly AccountType[];
}

@ObjectType('AccountEdge', { description: 'An edge in a list of accounts.' })
export class AccountEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => AccountType, { description: 'The account at the end of the edge.' })
  readonly node!: AccountType;
}

@ObjectType('AccountConnection', { description: 'A page of accounts.' })
export class AccountConnectionType {
  @Field(() => [AccountEdgeType], { description: 'Accounts on this page, newest first.' })
  readonly edges!: readonly AccountEdgeType[];

  @Field(() => [AccountType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly AccountType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
