import { AppError } from '../errors.js';
import type { Actor, Scope } from '../platform/actor.js';
import { type Role, SCOPES_OF_ROLE } from './account.js';

/** Callers can grant only scopes that they have: a key with only ADMIN cannot make someone an administrator. */
export function refuseMightier(actor: Actor, given: readonly Scope[]): void {
  const lacking = given.filter((scope) => !actor.scopes.has(scope));
  if (lacking.length === 0) return;
  const message = lacking.includes('owner')
    ? 'Only an owner can make an owner.'
    : `You cannot give a role whose scopes you do not have: ${lacking.join(', ')}.`;
  throw new AppError('FORBIDDEN', message);
}

/** Whoever is given such a role makes keys and members from a session of their own. */
export function canAdminister(role: Role): boolean {
  return SCOPES_OF_ROLE[role].includes('admin');
}

/** Owners are changed and removed by owners. */
export function refuseUnlessOwner(actor: Actor, role: Role): void {
  if (role === 'OWNER' && !actor.scopes.has('owner')) {
    throw new AppError('FORBIDDEN', 'Only owners can change or remove an owner.');
  }
}
