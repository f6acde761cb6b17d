import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { PartialDate } from '../graphql/scalars.js';
import { DEMAND_STAGES, type Demand, type DemandStage, PLAN_STAGES } from './demand.js';

const STAGE_VALUES = {
  REQUESTED: { description: 'People ask for it.' },
  BENCHMARKING: { description: 'It is being tried: speed, cost, agreement with the reference.' },
  ONBOARDING: { description: 'It is being brought up; the first who asked may be let in.' },
};

registerEnumType(DEMAND_STAGES, {
  name: 'DemandStage',
  description: 'How far a model is on its way to being live.',
  valuesConfig: { ...STAGE_VALUES, LIVE: { description: 'It can be called.' } },
});

registerEnumType(PLAN_STAGES, {
  name: 'PlanStage',
  description: 'What an operator may say of the way; live is what publishModel makes it.',
  valuesConfig: STAGE_VALUES,
});

@ObjectType('ModelDemand', { description: 'How much a model is wanted.' })
export class ModelDemandType {
  @Field(() => Int, { description: 'Requests that stand: one an account, or a mailbox.' })
  readonly requests!: number;

  @Field(() => Int, {
    nullable: true,
    description:
      'Its place among the models that are coming soon, from 1; equal ones share it. Null for others.',
  })
  readonly rank!: number | null;

  @Field(() => Int, { description: 'New requests in the last 7 days.' })
  readonly lastWeek!: number;

  @Field(() => Int, { description: 'New requests in the 7 days before.' })
  readonly weekBefore!: number;

  @Field(() => [Int], {
    description: 'New requests in each of the last 12 weeks of 7 days, oldest first.',
  })
  readonly weekly!: readonly number[];

  @Field(() => DEMAND_STAGES, { description: 'How far it is.' })
  readonly stage!: DemandStage;

  @Field(() => PartialDate, {
    nullable: true,
    description: 'When it is expected, where that is known.',
  })
  readonly expectedOn!: string | null;
}

export function toModelDemand(demand: Demand): ModelDemandType {
  const { weekly } = demand;
  return { ...demand, lastWeek: weekly.at(-1) ?? 0, weekBefore: weekly.at(-2) ?? 0 };
}
