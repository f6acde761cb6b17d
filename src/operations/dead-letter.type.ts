import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { DEAD_LETTER_KINDS, type DeadLetterKind } from './dead-letter.js';

registerEnumType(DEAD_LETTER_KINDS, {
  name: 'DeadLetterKind',
  description: 'Kind of dead letter.',
  valuesConfig: {
    STRIPE_EVENT: { description: 'A Stripe event that could not be processed.' },
    USAGE_REPORT: { description: 'Hourly usage that could not be reported to the Stripe meter.' },
    OUTBOX_MESSAGE: { description: 'An outgoing message that could not be sent.' },
    NOTIFICATION_DELIVERY: { description: 'An email or webhook that could not be delivered.' },
  },
});

@ObjectType('DeadLetter', {
  implements: NodeType,
  description: 'A task that failed after its last retry and awaits operator review.',
})
export class DeadLetterType extends NodeType {
  @Field(() => ID, { description: 'ID of the dead letter, prefixed with `dead_`.' })
  readonly id!: string;

  @Field(() => DEAD_LETTER_KINDS, { description: 'Kind of the dead letter.' })
  readonly kind!: DeadLetterKind;

  @Field(() => String, {
    description:
      'Subject of the dead letter, such as the event type or the hour of a usage report.',
  })
  readonly subject!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Error message of the last attempt; null if there was none.',
  })
  readonly error!: string | null;

  @Field(() => Int, { description: 'Number of attempts made.' })
  readonly attempts!: number;

  @Field(() => GraphQLISODateTime, { description: 'Time at which the task was dead-lettered.' })
  readonly deadAt!: Date;

  @Field(() => ID, { nullable: true, description: 'ID of the related account; null if unknown.' })
  readonly accountId!: string | null;
}

@ObjectType('DeadLetterEdge', { description: 'An edge in a list of dead letters.' })
export class DeadLetterEdgeType {
  @Field(() => String, { description: 'Opaque cursor; pass as `after` for the next page.' })
  readonly cursor!: string;

  @Field(() => DeadLetterType, { description: 'The dead letter at the end of the edge.' })
  readonly node!: DeadLetterType;
}

@ObjectType('DeadLetterConnection', { description: 'A page of dead letters.' })
export class DeadLetterConnectionType {
  @Field(() => [DeadLetterEdgeType], { description: 'Dead letters on this page, newest first.' })
  readonly edges!: readonly DeadLetterEdgeType[];

  @Field(() => [DeadLetterType], { description: 'Nodes of the edges, in order.' })
  readonly nodes!: readonly DeadLetterType[];

  @Field(() => PageInfoType, { description: 'Pagination information for this page.' })
  readonly pageInfo!: PageInfoType;
}
