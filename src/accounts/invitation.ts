import type { AccountId, InvitationId, KeyId, UserId } from '../platform/ids.js';
import type { Role } from './account.js';

/** A place on an account that waits for the owner of an address. */
export interface Invitation {
  readonly id: InvitationId;
  readonly accountId: AccountId;
  readonly email: string;
  readonly role: Role;
  /** Who sent it; `system`: the server. */
  readonly invitedBy: UserId | KeyId | 'system';
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** An invitation as whoever got it may see it. */
export interface InvitationPreview {
  readonly invitation: Invitation;
  /** Of the account. */
  readonly accountName: string;
  /** Whoever sent it; undefined: no person did. */
  readonly inviter: { readonly name: string; readonly email: string } | undefined;
}
