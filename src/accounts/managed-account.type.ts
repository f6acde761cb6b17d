import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { NanoUSD } from '../graphql/scalars.js';
import {
  ACCOUNT_KINDS,
  ACCOUNT_STATUSES,
  type AccountKind,
  type AccountStatus,
  type Role,
  ROLES,
} from './account.js';
import type { ManagedAccount } from './managed-account.js';

registerEnumType(ACCOUNT_STATUSES, {
  name: 'AccountStatus',
  description: 'How an account stands.',
  valuesConfig: {
    ACTIVE: { description: 'As it should be.' },
    FROZEN: { description: 'By an operator: it can read, but neither call nor buy.' },
    CLOSED: { description: 'Ended by its owner; its history stays.' },
  },
});

@ObjectType('ManagedMember', { description: 'Somebody who belongs to an account.' })
export class ManagedMemberType {
  @Field(() => ID, { description: '"usr_…".' })
  readonly userId!: string;

  @Field(() => String, { description: 'Address to sign in with.' })
  readonly email!: string;

  @Field(() => String, { description: 'As given at sign-up.' })
  readonly name!: string;

  @Field(() => ROLES, { description: 'What they are there.' })
  readonly role!: Role;
}

@ObjectType('ManagedAccount', {
  implements: NodeType,
  description: 'An account as operators see it.',
})
export class ManagedAccountType extends NodeType {
  @Field(() => ID, { description: '"acct_…".' })
  readonly id!: string;

  @Field(() => ACCOUNT_KINDS, { description: 'Whose it is.' })
  readonly kind!: AccountKind;

  @Field(() => String, { description: 'What it is called.' })
  readonly name!: string;

  @Field(() => ACCOUNT_STATUSES, { description: 'How it stands.' })
  readonly status!: AccountStatus;

  @Field(() => String, { nullable: true, description: 'Why it is frozen; null: it is not.' })
  readonly frozenReason!: string | null;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Since when.' })
  readonly frozenAt!: Date | null;

  @Field(() => GraphQLISODateTime, { description: 'When it was opened.' })
  readonly createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'When it was ended.' })
  readonly closedAt!: Date | null;

  @Field(() => NanoUSD, { description: 'All credit that is there; below zero: owed.' })
  readonly postedNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Of it, set aside for calls in flight.' })
  readonly heldNanos!: bigint;

  @Field(() => NanoUSD, { description: 'Taken back after it was spent.' })
  readonly debtNanos!: bigint;

  @Field(() => Int, {
    nullable: true,
    description: 'Calls in a minute, all keys together; null: what everybody has.',
  })
  readonly ratePerMinute!: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Calls at the same time in each process; null: what everybody has.',
  })
  readonly concurrencyMax!: number | null;

  @Field(() => Int, { description: 'How many belong to it.' })
  readonly memberCount!: number;

  @Field(() => [ManagedMemberType], { description: 'Those who joined first, at most 10.' })
  readonly members!: readonly ManagedMemberType[];

  @Field(() => Boolean, {
    description: 'Members act on it only in a session in which they have shown a second factor.',
  })
  readonly secondFactorRequired!: boolean;

  @Field(() => Int, { description: 'Keys that are not revoked.' })
  readonly keyCount!: number;
}

export function toManagedAccount({ standing, ...account }: ManagedAccount): ManagedAccountType {
  return { ...account, ...standing };
}

@ObjectType('ManagedAccountEdge', { description: 'An account and its place in the list.' })
export class ManagedAccountEdgeType {
  @Field(() => String, { description: 'For `after`.' })
  readonly cursor!: string;

  @Field(() => ManagedAccountType, { description: 'The account.' })
  readonly node!: ManagedAccountType;
}

@ObjectType('ManagedAccountConnection', { description: 'A page of accounts.' })
export class ManagedAccountConnectionType {
  @Field(() => [ManagedAccountEdgeType], { description: 'Newest first.' })
  readonly edges!: readonly ManagedAccountEdgeType[];

  @Field(() => PageInfoType, { description: 'Where the page lies.' })
  readonly pageInfo!: PageInfoType;
}
