import { Field, ObjectType, registerEnumType } from 'type-graphql';
import { missingOf, type Readiness, type Requirement, REQUIREMENTS } from './readiness.js';

registerEnumType(REQUIREMENTS, {
  name: 'PublishingRequirement',
  description: 'Requirement for a model to go live.',
  valuesConfig: {
    PROVIDER: { description: 'A provider serves the model.' },
    PRICES: { description: 'Every charged unit has a price.' },
    GOLDEN: { description: 'Scores match those of the reference implementation.' },
  },
});

@ObjectType('PublishingCheck', { description: 'Check of one requirement.' })
export class PublishingCheckType {
  @Field(() => REQUIREMENTS, { description: 'Requirement that was checked.' })
  readonly requirement!: Requirement;

  @Field(() => Boolean, { name: 'isMet', description: 'Whether the requirement is met.' })
  readonly met!: boolean;

  @Field(() => String, { description: 'Result of the check; if not met, also how to fix it.' })
  readonly outcome!: string;
}

@ObjectType('PublishingReadiness', {
  description: 'Readiness of a model to go live.',
})
export class PublishingReadinessType {
  @Field(() => String, { description: 'Slug of the model, in the form "owner/name".' })
  readonly model: string;

  @Field(() => Boolean, { description: 'Whether all requirements are met.' })
  readonly isReady: boolean;

  @Field(() => [REQUIREMENTS], { description: 'Unmet requirements; empty if the model is ready.' })
  readonly missing: readonly Requirement[];

  @Field(() => [PublishingCheckType], { description: 'Results for all requirements.' })
  readonly checks: readonly PublishingCheckType[];

  constructor(readiness: Readiness) {
    this.model = readiness.model;
    this.checks = readiness.checks;
    this.missing = missingOf(readiness);
    this.isReady = this.missing.length === 0;
  }
}
