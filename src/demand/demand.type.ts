import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { PartialDate } from '../graphql/scalars.js';
import { DEMAND_STAGES, type Demand, type DemandStage, PLAN_STAGES } from './demand.js';

const STAGE_VALUES = {
  REQUESTED: { description: 'Requested by users.' },
  BENCHMARKING: {
    description: 'Being evaluated for speed, cost and agreement with the reference.',
  },
  ONBOARDING: { description: 'Being deployed. The first requesters may get early access.' },
};

registerEnumType(DEMAND_STAGES, {
  name: 'DemandStage',
  description: 'Stage of a model on its way to launch.',
  valuesConfig: { ...STAGE_VALUES, LIVE: { description: 'Live; can be called.' } },
});

registerEnumType(PLAN_STAGES, {
  name: 'PlanStage',
  description: 'Stage that an operator can set before launch. `publishModel` makes a model live.',
  valuesConfig: STAGE_VALUES,
});

@ObjectType('ModelDemand', { description: 'Demand for a model and its stage before launch.' })
export class ModelDemandType {
  @Field(() => Int, {
    description:
      'Number of active requests: one per account, or per email address on the waitlist.',
  })
  readonly requests!: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'Rank among COMING_SOON models, from 1; ties share a rank. Null for other models and without requests.',
  })
  readonly rank!: number | null;

  @Field(() => Int, { description: 'Number of new requests in the last 7 days.' })
  readonly lastWeek!: number;

  @Field(() => Int, { description: 'Number of new requests in the preceding 7 days.' })
  readonly weekBefore!: number;

  @Field(() => [Int], {
    description: 'Numbers of new requests in each of the last 12 seven-day periods, oldest first.',
  })
  readonly weekly!: readonly number[];

  @Field(() => DEMAND_STAGES, { description: 'Current stage before launch.' })
  readonly stage!: DemandStage;

  @Field(() => PartialDate, {
    nullable: true,
    description: 'Expected launch date; null if unknown.',
  })
  readonly expectedOn!: string | null;
}

export function toModelDemand(demand: Demand): ModelDemandType {
  const { weekly } = demand;
  return { ...demand, lastWeek: weekly.at(-1) ?? 0, weekBefore: weekly.at(-2) ?? 0 };
}
