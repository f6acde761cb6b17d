import { AppError, type ErrorCode } from '../errors.js';
import { endsOf, type RunEnd, type RunStatus } from './run-status.js';

/** Which runs a list holds. A list of values means any of them; what is left out or null does not matter. */
export interface RunFilter {
  /** When they ended, half-open. */
  readonly from?: Date | null;
  readonly to?: Date | null;
  /** Slugs, aliases or ids; a model by any name that it ever had. */
  readonly models?: readonly string[] | null;
  readonly keys?: readonly string[] | null;
  /** Who called, or made the key that did. */
  readonly members?: readonly string[] | null;
  readonly operations?: readonly string[] | null;
  readonly statuses?: readonly RunStatus[] | null;
  readonly errorCodes?: readonly ErrorCode[] | null;
  /** Nano-USD, both inclusive. */
  readonly costAtLeastNanos?: bigint | null;
  readonly costAtMostNanos?: bigint | null;
}

/** A filter that something can pass. */
export interface CheckedRunFilter extends Omit<RunFilter, 'statuses' | 'errorCodes'> {
  readonly ends: readonly RunEnd[] | undefined;
}

const VALUES_MAX = 100;
const VALUE_CHARS_MAX = 300;

/** @throws AppError BAD_USER_INPUT that names the field, for one that contradicts itself or another */
export function checkRunFilter({ statuses, errorCodes, ...filter }: RunFilter): CheckedRunFilter {
  const { from, to, costAtLeastNanos, costAtMostNanos } = filter;
  for (const [name, values] of Object.entries({ ...filter, statuses, errorCodes })) {
    if (Array.isArray(values)) checkValues(name, values as readonly string[]);
  }
  if (from != null && to != null && from >= to) throw bad('from', '`from` must be before `to`.');
  if (costAtLeastNanos != null && costAtLeastNanos < 0n)
    throw bad('costAtLeastNanos', '`costAtLeastNanos` must not be negative.');
  if (costAtMostNanos != null && costAtMostNanos < (costAtLeastNanos ?? 0n))
    throw bad('costAtMostNanos', '`costAtMostNanos` must not be below `costAtLeastNanos` or 0.');
  return { ...filter, ends: wantedEnds({ statuses, errorCodes }) };
}

/** How calls have to have ended; undefined: in any way. @throws AppError BAD_USER_INPUT for two that exclude each other */
export function wantedEnds({
  statuses,
  errorCodes,
}: {
  readonly statuses?: readonly RunStatus[] | null | undefined;
  readonly errorCodes?: readonly ErrorCode[] | null | undefined;
}): readonly RunEnd[] | undefined {
  if (errorCodes == null) return statuses == null ? undefined : endsOf(statuses);
  if (statuses == null || statuses.includes('FAILED')) return errorCodes;
  throw bad('errorCodes', '`errorCodes` requires the status FAILED in `statuses`.');
}

function checkValues(name: string, values: readonly string[]): void {
  if (values.length === 0) throw bad(name, `\`${name}\` must not be empty. Omit it, or name some.`);
  if (values.length > VALUES_MAX)
    throw bad(name, `\`${name}\` must have at most ${String(VALUES_MAX)} values.`);
  for (const value of values) {
    if (value === '' || value.length > VALUE_CHARS_MAX || value.includes('\0')) {
      throw bad(
        name,
        `Values of \`${name}\` must have 1 to ${String(VALUE_CHARS_MAX)} characters.`,
      );
    }
  }
}

function bad(field: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: `filter.${field}` } });
}
