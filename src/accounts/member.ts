import type { AccountId, InvitationId, UserId } from '../platform/ids.js';
import type { Role } from './account.js';

/** Somebody who belongs to an account. */
export interface Member {
  readonly userId: UserId;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly joinedAt: Date;
}

/** A place on an account that waits for the owner of an address. */
export interface Invitation {
  readonly id: InvitationId;
  readonly accountId: AccountId;
  readonly email: string;
  readonly role: Role;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}
