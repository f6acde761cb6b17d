import { AppError } from '../errors.js';
import { type Model, MODEL_STATUSES, type ModelStatus } from './model.js';

/** Statuses of models that can be called. */
export const CALLABLE = [MODEL_STATUSES.LIVE, MODEL_STATUSES.DEPRECATED] as const;

/** Statuses of models that the regular check looks after. */
export const CHECKED = [...CALLABLE, MODEL_STATUSES.DEGRADED] as const;

export function isCallable({ status }: Pick<Model, 'status'>): boolean {
  return (CALLABLE as readonly string[]).includes(status);
}

/**
 * Where a model may go from each status: by an operator, and by the regular check. LIVE is reached by
 * publishing only, which asks for more (src/publishing).
 */
const MOVES: Readonly<
  Record<ModelStatus, Readonly<Record<'operator' | 'check', readonly ModelStatus[]>>>
> = {
  PROPOSED: { operator: ['COMING_SOON', 'RETIRED'], check: [] },
  COMING_SOON: { operator: ['LIVE', 'RETIRED'], check: [] },
  LIVE: { operator: ['DEPRECATED', 'RETIRED'], check: ['DEGRADED'] },
  // Whatever it was before, an operator may only take it away, or publish it when it is well again.
  DEGRADED: { operator: ['LIVE', 'RETIRED'], check: ['LIVE', 'DEPRECATED'] },
  DEPRECATED: { operator: ['LIVE', 'RETIRED'], check: ['DEGRADED'] },
  RETIRED: { operator: ['LIVE'], check: [] },
};

/** Whether the regular check may move a model. */
export function mayBecome(from: ModelStatus, to: ModelStatus): boolean {
  return MOVES[from].check.includes(to);
}

/** @throws AppError CONFLICT that says where an operator may move the model instead */
export function checkMove({ slug, status }: Pick<Model, 'slug' | 'status'>, to: ModelStatus): void {
  const next = MOVES[status].operator;
  if (next.includes(to)) return;
  throw new AppError(
    'CONFLICT',
    `${slug} is ${status} and cannot become ${to}; it can become ${next.join(' or ')}.`,
    { details: { model: slug, status } },
  );
}
