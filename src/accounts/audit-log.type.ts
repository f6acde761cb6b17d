import { GraphQLJSONObject } from 'graphql-scalars';
import { Field, GraphQLISODateTime, ID, InputType, ObjectType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';

@ObjectType('AuditLogEvent', {
  implements: NodeType,
  description: 'Something that mattered for security, on any account. Never changed.',
})
export class AuditLogEventType extends NodeType {
  @Field(() => ID, { description: '"aud_…".' })
  readonly id!: string;

  @Field(() => ID, { nullable: true, description: 'The account; null: it concerns none.' })
  readonly accountId!: string | null;

  @Field(() => String, { description: 'As "key.created".' })
  readonly action!: string;

  @Field(() => ID, { nullable: true, description: 'What it was done to.' })
  readonly target!: string | null;

  @Field(() => GraphQLJSONObject, { description: 'More about it.' })
  readonly details!: Readonly<Record<string, unknown>>;

  @Field(() => ID, {
    nullable: true,
    description: 'The person who did it; null with keyId null: the server itself.',
  })
  readonly userId!: string | null;

  @Field(() => String, { nullable: true, description: 'The person’s address, as it is now.' })
  readonly email!: string | null;

  @Field(() => ID, { nullable: true, description: 'The key that did it.' })
  readonly keyId!: string | null;

  @Field(() => String, { nullable: true, description: 'From where.' })
  readonly ipAddress!: string | null;

  @Field(() => GraphQLISODateTime, { description: 'When.' })
  readonly createdAt!: Date;
}

@ObjectType('AuditLogEventEdge', { description: 'An event and its place in the list.' })
export class AuditLogEventEdgeType {
  @Field(() => String, { description: 'For `after`.' })
  readonly cursor!: string;

  @Field(() => AuditLogEventType, { description: 'The event.' })
  readonly node!: AuditLogEventType;
}

@ObjectType('AuditLogEventConnection', { description: 'A page of the audit log.' })
export class AuditLogEventConnectionType {
  @Field(() => [AuditLogEventEdgeType], { description: 'Newest first.' })
  readonly edges!: readonly AuditLogEventEdgeType[];

  @Field(() => PageInfoType, { description: 'Where the page lies.' })
  readonly pageInfo!: PageInfoType;
}

@InputType('AuditLogFilter', { description: 'Which events to show; each part narrows it.' })
export class AuditLogFilterInput {
  @Field(() => ID, { nullable: true, description: 'What was done on this account.' })
  accountId?: string;

  @Field(() => ID, { nullable: true, description: 'What this person did.' })
  userId?: string;

  @Field(() => String, { nullable: true, description: 'As "account.frozen", exactly.' })
  action?: string;

  @Field(() => ID, { nullable: true, description: 'What was done to this object.' })
  target?: string;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Not before this.' })
  from?: Date;

  @Field(() => GraphQLISODateTime, { nullable: true, description: 'Before this.' })
  to?: Date;
}
