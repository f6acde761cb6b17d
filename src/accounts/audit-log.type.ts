import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, InputType, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';

@ObjectType('AuditLogEvent', {
  implements: NodeType,
  description: 'A security-relevant event on any account, or on none. Immutable.',
})
export class AuditLogEventType extends NodeType {
  @Field(() => ID, { description: 'ID of the event, prefixed with `aud_`.' })
  readonly id!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'ID of the affected account; null if there is none.',
  })
  readonly accountId!: string | null;

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
      'ID of the user who caused the event. If `keyId` is null too, the server caused it.',
  })
  readonly userId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Current email address of the user; null if there is none.',
  })
  readonly email!: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'ID of the API key that caused the event; null if it was not a key.',
  })
  readonly keyId!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'IP address of the request; null if unknown.',
  })
  readonly ipAddress!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'Time of the event.' })
  readonly createdAt!: Date;
}

@ObjectType('AuditLogEventEdge', { description: 'An edge in the audit log.' })
export class AuditLogEventEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => AuditLogEventType, { description: 'The event at the end of the edge.' })
  readonly node!: AuditLogEventType;
}

@ObjectType('AuditLogEventConnection', { description: 'A page of the audit log.' })
export class AuditLogEventConnectionType {
  @Field(() => [AuditLogEventEdgeType], { description: 'Events on this page, newest first.' })
  readonly edges!: readonly AuditLogEventEdgeType[];

  @Field(() => [AuditLogEventType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly AuditLogEventType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}

@InputType('AuditLogFilter', { description: 'Conditions that audit log events must all meet.' })
export class AuditLogFilterInput {
  @Field(() => ID, { nullable: true, description: 'ID of the affected account.' })
  accountId?: string;

  @Field(() => ID, { nullable: true, description: 'ID of the user who caused the event.' })
  userId?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Exact event type, such as "account.frozen".',
  })
  action?: string;

  @Field(() => ID, { nullable: true, description: 'ID of the affected object.' })
  target?: string;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Earliest time of the event, inclusive.',
  })
  from?: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Latest time of the event, exclusive.',
  })
  to?: Date;
}
