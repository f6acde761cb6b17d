import { AppError } from '../errors.js';

/** From a moment up to, but without, another; either may be left out. */
export interface TimeRange {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/** @param at argument that has them, such as "filter" @throws AppError BAD_USER_INPUT for a range that is empty */
export function checkTimeRange({ from, to }: TimeRange, at: string): void {
  if (from === undefined || to === undefined || from < to) return;
  throw new AppError('BAD_USER_INPUT', '`from` must be before `to`.', {
    details: { argument: `${at}.from` },
  });
}

/** @param at argument that has the list, such as "filter.states" @throws AppError BAD_USER_INPUT for an empty list */
export function checkSome(values: readonly unknown[] | undefined, at: string): void {
  if (values?.length !== 0) return;
  const name = at.slice(at.lastIndexOf('.') + 1);
  throw new AppError('BAD_USER_INPUT', `\`${name}\` must not be empty; omit it to match all.`, {
    details: { argument: at },
  });
}
