import type { AccountId, MembershipId, UserId } from '../platform/ids.js';
import type { Role } from './account.js';

/** What identifies a membership: a person is a member of an account once. */
export interface MembershipKey {
  readonly accountId: AccountId;
  readonly userId: UserId;
}

/** A person's place on an account. */
export interface Membership extends MembershipKey {
  readonly role: Role;
  readonly joinedAt: Date;
}

/** What is left out lets all through. */
export interface MembershipFilter {
  /** Any of them. */
  readonly roles?: readonly Role[] | undefined;
}

export function membershipId({ accountId, userId }: MembershipKey): MembershipId {
  return `mem_${accountId}_${userId}`;
}

/** @returns undefined for a text that is no such id */
export function parseMembershipId(id: string): MembershipKey | undefined {
  const [, accountId, userId] = /^mem_(acct_[0-9a-z_]{1,40})_(usr_\w{1,60})$/.exec(id) ?? [];
  if (accountId === undefined || userId === undefined) return undefined;
  return { accountId: accountId as AccountId, userId: userId as UserId };
}
