import { AppError } from '../errors.js';
import type { AccountLimits, Scope } from '../platform/actor.js';
import type { AccountId, UserId } from '../platform/ids.js';

export const ACCOUNT_KINDS = { PERSONAL: 'PERSONAL', ORGANIZATION: 'ORGANIZATION' } as const;
export type AccountKind = keyof typeof ACCOUNT_KINDS;

export const ROLES = {
  OWNER: 'OWNER',
  ADMIN: 'ADMIN',
  DEVELOPER: 'DEVELOPER',
  BILLING: 'BILLING',
  VIEWER: 'VIEWER',
} as const;
export type Role = keyof typeof ROLES;

/** What each role may do on its account; what a field asks for stands at the field. */
export const SCOPES_OF_ROLE: Readonly<Record<Role, readonly Scope[]>> = {
  OWNER: ['read', 'inference', 'billing', 'admin', 'owner'],
  ADMIN: ['read', 'inference', 'billing', 'admin'],
  DEVELOPER: ['read', 'inference'],
  BILLING: ['read', 'billing'],
  VIEWER: ['read'],
};

/** The billing entity: it holds credit, keys and runs. */
export interface Account {
  readonly id: AccountId;
  readonly kind: AccountKind;
  readonly name: string;
  readonly createdAt: Date;
}

export const ACCOUNT_STATUSES = { ACTIVE: 'ACTIVE', FROZEN: 'FROZEN', CLOSED: 'CLOSED' } as const;
export type AccountStatus = keyof typeof ACCOUNT_STATUSES;

/** What operators have decided about an account. */
export interface AccountStanding extends AccountLimits {
  /** Why it is frozen; null: it is not. */
  readonly frozenReason: string | null;
  /** Members act on it only in a session in which they have shown a second factor. */
  readonly secondFactorRequired: boolean;
}

/** As an account stands when nobody has decided anything about it. */
export const GOOD_STANDING: AccountStanding = {
  frozenReason: null,
  secondFactorRequired: false,
  ratePerMinute: null,
  concurrencyMax: null,
};

/** The part of an actor that says how its account stands. */
export function standingOf({ frozenReason, ratePerMinute, concurrencyMax }: AccountStanding) {
  return {
    frozenReason: frozenReason ?? undefined,
    limits: { ratePerMinute, concurrencyMax },
  };
}

/** An account, and what a person is there. */
export interface AccountOfUser extends Account {
  readonly role: Role;
  readonly standing: AccountStanding;
}

export interface User {
  readonly id: UserId;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly name: string;
  readonly operator: boolean;
  /** Gets mails about sign-ins, passwords and keys. */
  readonly securityMails: boolean;
  readonly hasSecondFactor: boolean;
}

/** @returns the address in lower case. @throws AppError BAD_USER_INPUT */
export function checkEmail(email: string): string {
  if (email.length <= 254 && /^[^\s@\0]+@[^\s@\0]+$/.test(email)) return email.toLowerCase();
  throw new AppError('BAD_USER_INPUT', 'Not a valid email address.', {
    details: { argument: 'email' },
  });
}

export { plainEmail } from './mailbox.js';
