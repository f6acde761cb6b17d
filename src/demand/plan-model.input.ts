import { Field, InputType, Int } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import type { PlanChanges } from './demand-plan.js';
import { PLAN_STAGES, type PlanStage } from './demand.js';

@InputType('PlanModelInput', {
  description: 'What is planned with a model. What is left out stays as it is.',
})
export class PlanModelInput {
  @Field(() => PLAN_STAGES, { nullable: true, description: 'How far it is.' })
  readonly stage?: PlanStage | null;

  @Field(() => String, {
    nullable: true,
    description: '"2027", "2027-03" or "2027-03-15"; null: no longer known.',
  })
  readonly expectedOn?: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'How many accounts, in the order in which they asked, may call it while it is ONBOARDING; 0 to 1,000,000.',
  })
  readonly earlyAccessCount?: number | null;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Credit at the launch for each of the first; up to 1,000 USD.',
  })
  readonly launchCreditNanos?: bigint | null;

  @Field(() => Int, { nullable: true, description: 'How many accounts get it; 0 to 1,000,000.' })
  readonly launchCreditCount?: number | null;
}

export function toChanges(input: PlanModelInput): PlanChanges {
  return {
    stage: input.stage ?? undefined,
    expectedOn: input.expectedOn,
    earlyAccessCount: input.earlyAccessCount ?? undefined,
    launchCreditNanos: input.launchCreditNanos ?? undefined,
    launchCreditCount: input.launchCreditCount ?? undefined,
  };
}
