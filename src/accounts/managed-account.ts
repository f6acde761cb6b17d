import { AppError } from '../errors.js';
import type { AccountLimits } from '../platform/actor.js';
import type { AccountDetails } from './account-details.js';
import type { AccountStatus, Role } from './account.js';
import type { UserId } from '../platform/ids.js';

/** An account as operators see it. Amounts are nano-USD. */
export interface ManagedAccount extends AccountDetails {
  readonly postedNanos: bigint;
  readonly heldNanos: bigint;
  /** Taken back after it was spent. */
  readonly debtNanos: bigint;
  /** Those who joined first, at most 10. */
  readonly members: readonly {
    readonly userId: UserId;
    readonly email: string;
    readonly name: string;
    readonly role: Role;
  }[];
}

/** Which accounts to list; what is left out lets all through. */
export interface AccountFilter {
  /**
   * A part of the name or of a member’s address, in any case; the id of the account, a key or a member; or the
   * beginning of a key.
   */
  readonly search?: string | undefined;
  readonly status?: AccountStatus | undefined;
}

const SEARCH_CHARS_MAX = 200;
/** Of a key, that is kept. */
const KEY_CHARS = 9;

/**
 * A search in lower case; of a key only its beginning, whatever was pasted. undefined: nothing is searched for.
 * @throws AppError BAD_USER_INPUT
 */
export function checkSearch(search: string | undefined): string | undefined {
  const text = search?.trim().toLowerCase() ?? '';
  if (text.length > SEARCH_CHARS_MAX || /\p{Cc}/u.test(text)) {
    throw bad(
      'search',
      `\`search\` must have at most ${String(SEARCH_CHARS_MAX)} characters and no control characters.`,
    );
  }
  if (text === '') return undefined;
  return text.startsWith('gr-') ? text.slice(0, KEY_CHARS) : text;
}

const LIMITS_MAX = { ratePerMinute: 1_000_000, concurrencyMax: 10_000 } as const;

/** What is left out stays; null: what everybody has. */
export type LimitChanges = {
  readonly [Name in keyof AccountLimits]?: AccountLimits[Name] | undefined;
};

/** @throws AppError BAD_USER_INPUT unless each is null or in its range */
export function checkLimits(limits: LimitChanges): void {
  for (const name of ['ratePerMinute', 'concurrencyMax'] as const) {
    const value = limits[name];
    const most = LIMITS_MAX[name];
    if (value != null && !(Number.isInteger(value) && value >= 1 && value <= most)) {
      throw bad(
        name,
        `\`${name}\` must be between 1 and ${String(most)}, or null for the default.`,
      );
    }
  }
}

function bad(argument: string, message: string): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument } });
}
