import { AppError } from '../errors.js';
import type { PlanStage } from './demand.js';

/** What the operators plan with a model; what is undefined stays as it is. */
export interface PlanChanges {
  readonly stage?: PlanStage | undefined;
  /** ISO 8601 to the precision that is known; null: no longer known. */
  readonly expectedOn?: string | null | undefined;
  /** How many accounts, in the order in which they asked, may call it while it is being onboarded. */
  readonly earlyAccessCount?: number | undefined;
  /** Credit at the launch, for each of `launchCreditCount` accounts. */
  readonly launchCreditNanos?: bigint | undefined;
  readonly launchCreditCount?: number | undefined;
}

const PARTIAL_DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
const COUNT_MAX = 1_000_000;
/** 1,000 USD: more is a slip of the hand. */
const CREDIT_MAX_NANOS = 1_000_000_000_000n;

/** @throws AppError BAD_USER_INPUT */
export function checkPlan(changes: PlanChanges): void {
  const {
    expectedOn,
    earlyAccessCount = 0,
    launchCreditCount = 0,
    launchCreditNanos = 0n,
  } = changes;
  if (typeof expectedOn === 'string' && !PARTIAL_DATE.test(expectedOn)) {
    throw bad('expectedOn', 'must be "2027", "2027-03" or "2027-03-15"');
  }
  for (const [name, count] of Object.entries({ earlyAccessCount, launchCreditCount })) {
    if (count < 0 || count > COUNT_MAX) throw bad(name, 'must be between 0 and 1,000,000');
  }
  if (launchCreditNanos < 0n || launchCreditNanos > CREDIT_MAX_NANOS) {
    throw bad('launchCreditNanos', 'must be between 0 and 1,000 USD');
  }
}

function bad(argument: string, rule: string): AppError {
  return new AppError('BAD_USER_INPUT', `${argument} ${rule}.`, { details: { argument } });
}
