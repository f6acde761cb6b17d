import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { NodeType } from '../graphql/node.type.js';
import { PageInfoType } from '../graphql/pagination.js';
import { DEAD_LETTER_KINDS, type DeadLetterKind } from './dead-letter.js';

registerEnumType(DEAD_LETTER_KINDS, {
  name: 'DeadLetterKind',
  description: 'What can be given up.',
  valuesConfig: {
    STRIPE_EVENT: { description: 'Something that Stripe has told, and that could not be handled.' },
    USAGE_REPORT: { description: 'Usage of an hour that Stripe’s meter did not take.' },
    OUTBOX_MESSAGE: { description: 'A message to somebody outside that was not sent.' },
    NOTIFICATION_DELIVERY: { description: 'A mail or a webhook that did not arrive.' },
  },
});

@ObjectType('DeadLetter', {
  implements: NodeType,
  description: 'Something that was given up, and waits for somebody to look.',
})
export class DeadLetterType extends NodeType {
  @Field(() => ID, { description: '"dead_…".' })
  readonly id!: string;

  @Field(() => DEAD_LETTER_KINDS, { description: 'What it is.' })
  readonly kind!: DeadLetterKind;

  @Field(() => String, { description: 'What it is about: an event’s type, the hour of a report.' })
  readonly subject!: string;

  @Field(() => String, { nullable: true, description: 'Why it was given up.' })
  readonly error!: string | null;

  @Field(() => Int, { description: 'How often it was tried.' })
  readonly attempts!: number;

  @Field(() => GraphQLISODateTime, { description: 'When it was given up.' })
  readonly deadAt!: Date;

  @Field(() => ID, { nullable: true, description: 'The account, where one is known.' })
  readonly accountId!: string | null;
}

@ObjectType('DeadLetterEdge', { description: 'What was given up and its place in the list.' })
export class DeadLetterEdgeType {
  @Field(() => String, { description: 'For `after`.' })
  readonly cursor!: string;

  @Field(() => DeadLetterType, { description: 'What was given up.' })
  readonly node!: DeadLetterType;
}

@ObjectType('DeadLetterConnection', { description: 'A page of what was given up.' })
export class DeadLetterConnectionType {
  @Field(() => [DeadLetterEdgeType], { description: 'The latest first.' })
  readonly edges!: readonly DeadLetterEdgeType[];

  @Field(() => PageInfoType, { description: 'Where the page lies.' })
  readonly pageInfo!: PageInfoType;
}

@ObjectType('DeadLettersChanged', { description: 'What became of things that were given up.' })
export class DeadLettersChangedType {
  @Field(() => Int, { description: 'How many were replayed or dismissed.' })
  readonly count!: number;
}
