import { AppError } from '../errors.js';

const VALUES_MAX = 50;
const VALUE_CHARS_MAX = 200;

/**
 * A list of which anything may match.
 * @param argument its name, as "filter.roles"
 * @throws AppError BAD_USER_INPUT for one that is empty or too long, and for texts that are too long or have control
 *   characters
 */
export function checkAnyOf(values: readonly string[] | undefined, argument: string): void {
  if (values === undefined) return;
  if (values.length === 0) {
    throw bad(argument, 'must not be empty. Omit it to apply no condition.');
  }
  if (values.length > VALUES_MAX) {
    throw bad(
      argument,
      `must have at most ${String(VALUES_MAX)} values (got ${String(values.length)}).`,
    );
  }
  if (values.some((value) => value.length > VALUE_CHARS_MAX || /\p{Cc}/u.test(value))) {
    throw bad(
      argument,
      `must have values of at most ${String(VALUE_CHARS_MAX)} characters without control characters.`,
    );
  }
}

/** A half-open range; either end may be left out. @throws AppError BAD_USER_INPUT */
export function checkPeriod(
  { from, to }: { readonly from?: Date | undefined; readonly to?: Date | undefined },
  argument: string,
): void {
  if (from === undefined || to === undefined || from < to) return;
  throw bad(argument, `must be before \`to\`.`);
}

function bad(argument: string, problem: string): AppError {
  return new AppError('BAD_USER_INPUT', `\`${argument}\` ${problem}`, { details: { argument } });
}
