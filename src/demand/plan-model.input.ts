import { Field, ID, InputType, Int } from 'type-graphql';
import { NanoUSD } from '../graphql/scalars.js';
import type { PlanChanges } from './demand-plan.js';
import { PLAN_STAGES, type PlanStage } from './demand.js';

@InputType('PlanModelInput', {
  description: 'Launch plan of a model. Omitted fields keep their values.',
})
export class PlanModelInput {
  @Field(() => ID, { description: 'ID of the model, prefixed with `mdl_`.' })
  readonly modelId!: string;

  @Field(() => PLAN_STAGES, { nullable: true, description: 'Current stage before launch.' })
  readonly stage?: PlanStage | null;

  @Field(() => String, {
    nullable: true,
    description: 'Expected launch date: "2027", "2027-03" or "2027-03-15"; null clears it.',
  })
  readonly expectedOn?: string | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Number of accounts, in order of request, that can call the model while it is ONBOARDING; 0 to 1,000,000.',
  })
  readonly earlyAccessCount?: number | null;

  @Field(() => NanoUSD, {
    nullable: true,
    description: 'Launch credit per account, granted to the first requesters; at most 1,000 USD.',
  })
  readonly launchCreditNanos?: bigint | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Number of accounts that get launch credit, 0 to 1,000,000.',
  })
  readonly launchCreditCount?: number | null;
}

export function toChanges(input: Omit<PlanModelInput, 'modelId'>): PlanChanges {
  return {
    stage: input.stage ?? undefined,
    expectedOn: input.expectedOn,
    earlyAccessCount: input.earlyAccessCount ?? undefined,
    launchCreditNanos: input.launchCreditNanos ?? undefined,
    launchCreditCount: input.launchCreditCount ?? undefined,
  };
}
