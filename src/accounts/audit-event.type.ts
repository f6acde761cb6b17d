import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, InputType, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import type { AccountId, KeyId, UserId } from '../platform/ids.js';

@ObjectType('AuditEvent', {
  implements: NodeType,
  description: 'A security-relevant event on an account, or on the platform. Immutable.',
})
export class AuditEventType extends NodeType {
  @Field(() => ID, { description: 'ID of the event, prefixed with `aud_`.' })
  readonly id!: string;

  @Field(() => String, { description: 'Event type, such as "key.created".' })
  readonly action!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'ID of the affected object; null if there is none.',
  })
  readonly target!: string | null;

  @Field(() => GraphQLJSONObject, {
    description: 'Additional facts about the event. Keys depend on `action`.',
  })
  readonly details!: Readonly<Record<string, unknown>>;

  @Field(() => ID, {
    nullable: true,
    description:
      'ID of the user who caused the event, kept when `user` is not visible or no longer exists. If `apiKey` is null too, the server caused it.',
  })
  readonly userId!: UserId | null;

  @Field(() => String, {
    nullable: true,
    description: 'IP address of the request; null if unknown.',
  })
  readonly ipAddress!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Time of the event.' })
  readonly createdAt!: Date;

  readonly accountId!: AccountId | null;
  readonly keyId!: KeyId | null;
}

@ObjectType('AuditEventEdge', { description: 'An edge in a list of audit events.' })
export class AuditEventEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => AuditEventType, { description: 'The event at the end of the edge.' })
  readonly node!: AuditEventType;
}

@ObjectType('AuditEventConnection', { description: 'A page of audit events.' })
export class AuditEventConnectionType {
  @Field(() => [AuditEventEdgeType], { description: 'Events on this page, newest first.' })
  readonly edges!: readonly AuditEventEdgeType[];

  @Field(() => [AuditEventType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly AuditEventType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}

@InputType('AuditEventFilter', { description: 'Conditions that audit events must all meet.' })
export class AuditEventFilterInput {
  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Earliest time of the event, inclusive.',
  })
  readonly from?: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Latest time of the event, exclusive.',
  })
  readonly to?: Date;

  @Field(() => [String], {
    nullable: true,
    description: 'Exact event types, such as "account.frozen", any of which matches.',
  })
  readonly actions?: readonly string[];

  @Field(() => [ID], {
    nullable: true,
    description: 'IDs of users, any of whom caused the event.',
  })
  readonly users?: readonly string[];

  @Field(() => [ID], {
    nullable: true,
    description: 'IDs of API keys, any of which caused the event.',
  })
  readonly keys?: readonly string[];
}

@InputType('AuditLogFilter', {
  description: 'Conditions that events of the audit log must all meet.',
})
export class AuditLogFilterInput extends AuditEventFilterInput {
  @Field(() => [ID], {
    nullable: true,
    description: 'IDs of accounts, any of which is affected.',
  })
  readonly accounts?: readonly string[];

  @Field(() => [ID], {
    nullable: true,
    description: 'IDs of objects, any of which is affected.',
  })
  readonly targets?: readonly string[];
}
