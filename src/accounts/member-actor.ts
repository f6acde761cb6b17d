import type { Actor, Scope } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import { type AccountOfUser, SCOPES_OF_ROLE, standingOf, type User } from './account.js';

/** A person on an account to which they belong. @param person themselves, on any account */
export function memberActor(person: Actor, { id, role, standing }: AccountOfUser): Actor {
  const operator = person.scopes.has('operator');
  return {
    ...person,
    accountId: id,
    scopes: scopesOf({ operator }, SCOPES_OF_ROLE[role]),
    ...standingOf(standing),
  };
}

/** What a person may do where they were granted something; operators may do more everywhere. */
export function scopesOf(
  { operator }: Pick<User, 'operator'>,
  granted: readonly Scope[],
): ReadonlySet<Scope> {
  return new Set(['public', 'session', ...granted, ...(operator ? (['operator'] as const) : [])]);
}

/** A person on an account of which they may know that it is there, and nothing more. */
export function withoutRights(person: Actor, accountId: AccountId): Actor {
  return { ...person, accountId, scopes: scopesOf({ operator: false }, []) };
}
