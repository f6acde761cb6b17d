import { AppError } from '../errors.js';

/** What a model needs to be live, by its name in GraphQL. */
export const REQUIREMENTS = { PROVIDER: 'provider', PRICES: 'prices', GOLDEN: 'golden' } as const;
export type Requirement = (typeof REQUIREMENTS)[keyof typeof REQUIREMENTS];

/** One requirement, and what became of it. */
export interface RequirementCheck {
  readonly requirement: Requirement;
  readonly met: boolean;
  /** What was found; where it is not met, also what to do. */
  readonly outcome: string;
}

export interface Readiness {
  /** Slug. */
  readonly model: string;
  /** All three, in the order in which they are best met. */
  readonly checks: readonly RequirementCheck[];
}

export function missingOf({ checks }: Readiness): Requirement[] {
  return checks.filter(({ met }) => !met).map(({ requirement }) => requirement);
}

/** @throws AppError CONFLICT that names all that is missing, and what to do about each */
export function checkReady(readiness: Readiness): void {
  const missing = missingOf(readiness);
  if (missing.length === 0) return;
  const { model, checks } = readiness;
  const reasons = checks.flatMap(({ met, requirement, outcome }) =>
    met ? [] : [`${requirement}: ${outcome}`],
  );
  throw new AppError('CONFLICT', `${model} cannot go live yet. ${reasons.join(' ')}`, {
    details: { model, missing },
  });
}
