import { AppError } from '../errors.js';
import type { AccountId } from '../platform/ids.js';

/** What calls can be told apart by. */
export const USAGE_DIMENSIONS = {
  MODEL: 'MODEL',
  KEY: 'KEY',
  OPERATION: 'OPERATION',
  MEMBER: 'MEMBER',
  STATUS: 'STATUS',
} as const;
export type UsageDimension = keyof typeof USAGE_DIMENSIONS;

/**
 * Calls that are one of each list; a dimension that is left out is not looked at. A model by any of its names: its
 * slug, or an alias, which a former slug is.
 */
export type UsageFilter = Readonly<Partial<Record<UsageDimension, readonly string[]>>>;

/** Whose calls: of one account, or of all together, which are told apart by model and status only. */
export type UsageOwner = AccountId | 'all';

/** Which calls to add up, and how. */
export interface UsageQuestion {
  readonly owner: UsageOwner;
  /** Instants that rise: calls that ended in [bounds[n], bounds[n + 1]) are bucket n. Two or more. */
  readonly bounds: readonly Date[];
  readonly groupBy: readonly UsageDimension[];
  readonly filter: UsageFilter;
  /** Whether anybody looks at latencies, which are most of the work. */
  readonly withLatency: boolean;
}

const FILTER_VALUES_MAX = 100;
const FILTER_LENGTH_MAX = 300;

/** @throws AppError BAD_USER_INPUT when a dimension comes twice */
export function checkGroupBy(groupBy: readonly UsageDimension[]): readonly UsageDimension[] {
  const known = Object.keys(USAGE_DIMENSIONS);
  const name = { details: { argument: 'groupBy' } };
  if (groupBy.length > known.length) {
    const message = `Group by at most ${String(known.length)} dimensions: ${known.join(', ')}.`;
    throw new AppError('BAD_USER_INPUT', message, name);
  }
  if (new Set(groupBy).size < groupBy.length) {
    throw new AppError('BAD_USER_INPUT', 'Each dimension can be grouped by at most once.', name);
  }
  return groupBy;
}

/** @throws AppError BAD_USER_INPUT for a list that is empty or too long, or a value that nothing can have */
export function checkFilter(filter: UsageFilter): UsageFilter {
  for (const [dimension, values] of Object.entries(filter)) {
    const fail = (problem: string) => {
      throw new AppError('BAD_USER_INPUT', `The filter of ${dimension} ${problem}.`, {
        details: { argument: 'filter' },
      });
    };
    if (values.length === 0) fail('is empty, so that nothing can pass: leave it out, or name some');
    if (values.length > FILTER_VALUES_MAX)
      fail(`has more than ${String(FILTER_VALUES_MAX)} values`);
    if (
      values.some(
        (value) => value === '' || value.length > FILTER_LENGTH_MAX || value.includes('\0'),
      )
    ) {
      fail(
        `has a value that is empty, of more than ${String(FILTER_LENGTH_MAX)} characters, or with a NUL`,
      );
    }
  }
  return filter;
}
