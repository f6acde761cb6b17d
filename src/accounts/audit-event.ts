import type { AccountId, AuditEventId, KeyId, UserId } from '../platform/ids.js';

/** Acts that are written down, for ever. */
export type AuditAction =
  | 'account.created'
  | 'account.closed'
  | 'key.created'
  | 'key.changed'
  | 'key.rotated'
  | 'key.revoked'
  | 'member.invited'
  | 'member.uninvited'
  | 'member.joined'
  | 'member.changed'
  | 'member.removed'
  | 'credit.granted'
  | 'credit.adjusted'
  | 'purchase.refunded'
  | 'user.signed-in'
  | 'user.email-verified'
  | 'user.password-reset';

export interface NewAuditEvent {
  readonly actor: {
    readonly userId?: UserId | undefined;
    readonly keyId?: KeyId | undefined;
    readonly ipAddress?: string | undefined;
  };
  readonly accountId?: AccountId | undefined;
  readonly action: AuditAction;
  /** Id of what it was done to. */
  readonly target?: string | undefined;
  /** Never holds a secret. */
  readonly details?: Readonly<Record<string, string>>;
}

export interface AuditEvent {
  readonly id: AuditEventId;
  readonly action: string;
  readonly target: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly userId: string | null;
  readonly keyId: string | null;
  readonly ipAddress: string | null;
  readonly createdAt: Date;
}
