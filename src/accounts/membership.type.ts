import { Field, GraphQLISODateTime, ID, InputType, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import type { AccountId, UserId } from '../platform/ids.js';
import { type Role, ROLES } from './account.js';
import { type Membership, membershipId } from './membership.js';

@ObjectType('Membership', {
  implements: NodeType,
  description: 'The place of a user on an account.',
})
export class MembershipType extends NodeType {
  @Field(() => ID, { description: 'ID of the membership, prefixed with `mem_`.' })
  readonly id!: string;

  @Field(() => ROLES, { description: 'Role of the user in the account.' })
  readonly role!: Role;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the user joined.' })
  readonly joinedAt!: Date;

  readonly accountId!: AccountId;
  readonly userId!: UserId;
}

export function toMembership(membership: Membership): MembershipType {
  return { id: membershipId(membership), ...membership };
}

@ObjectType('MembershipEdge', { description: 'An edge in a list of memberships.' })
export class MembershipEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => MembershipType, { description: 'The membership at the end of the edge.' })
  readonly node!: MembershipType;
}

@ObjectType('MembershipConnection', { description: 'A page of memberships.' })
export class MembershipConnectionType {
  @Field(() => [MembershipEdgeType], { description: 'Memberships on this page.' })
  readonly edges!: readonly MembershipEdgeType[];

  @Field(() => [MembershipType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly MembershipType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}

@InputType('MembershipFilter', { description: 'Conditions that memberships must all meet.' })
export class MembershipFilterInput {
  @Field(() => [ROLES], { nullable: true, description: 'Roles, any of which the member has.' })
  readonly roles?: readonly Role[];
}
