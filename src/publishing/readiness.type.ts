import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { missingOf, type Readiness, type Requirement, REQUIREMENTS } from './readiness.js';

registerEnumType(REQUIREMENTS, {
  name: 'PublishingRequirement',
  description: 'What a model needs to be live.',
  valuesConfig: {
    PROVIDER: { description: 'Somebody serves it.' },
    PRICES: { description: 'Every unit that it charges has a price.' },
    GOLDEN: { description: 'Its scores are those of the reference implementation.' },
  },
});

@ObjectType('PublishingCheck', { description: 'A requirement, and what became of it.' })
export class PublishingCheckType {
  @Field(() => REQUIREMENTS, { description: 'What is needed.' })
  readonly requirement!: Requirement;

  @Field(() => Boolean, { description: 'Whether it is met.' })
  readonly met!: boolean;

  @Field(() => String, { description: 'What was found; where it is not met, also what to do.' })
  readonly outcome!: string;
}

@ObjectType('PublishingReadiness', {
  description: 'What a model has of what it needs to be live.',
})
export class PublishingReadinessType {
  @Field(() => String, { description: 'Slug.' })
  readonly model: string;

  @Field(() => Boolean, { description: 'Whether nothing is missing.' })
  readonly ready: boolean;

  @Field(() => [REQUIREMENTS], { description: 'What is missing; empty: nothing.' })
  readonly missing: readonly Requirement[];

  @Field(() => [PublishingCheckType], { description: 'Each requirement.' })
  readonly checks: readonly PublishingCheckType[];

  constructor(readiness: Readiness) {
    this.model = readiness.model;
    this.checks = readiness.checks;
    this.missing = missingOf(readiness);
    this.ready = this.missing.length === 0;
  }
}
