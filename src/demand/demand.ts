import type { ModelId } from '../platform/ids.js';

/** On the way to live; what is live is so by the catalog, not by a plan. */
export const PLAN_STAGES = {
  REQUESTED: 'REQUESTED',
  BENCHMARKING: 'BENCHMARKING',
  ONBOARDING: 'ONBOARDING',
} as const;
export type PlanStage = keyof typeof PLAN_STAGES;

export const DEMAND_STAGES = { ...PLAN_STAGES, LIVE: 'LIVE' } as const;
export type DemandStage = keyof typeof DEMAND_STAGES;

/** How much a model is wanted; public. */
export interface Demand {
  readonly modelId: ModelId;
  /** Requests that stand: one an account, or a mailbox. */
  readonly requests: number;
  /** Among the models that are coming soon, from 1, equal ones alike; null for all others, and without requests. */
  readonly rank: number | null;
  /** New ones in each of the last 12 weeks (7 days, the last one ends now), oldest first. */
  readonly weekly: readonly number[];
  readonly stage: DemandStage;
  /** When it is expected, to the precision that is known. */
  readonly expectedOn: string | null;
}

export const WEEKS = 12;
