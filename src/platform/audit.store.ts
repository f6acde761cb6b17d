import type { Transaction } from './database.js';
import { type AccountId, type KeyId, newId, type UserId } from './ids.js';

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
  | 'model.created'
  | 'model.edited'
  | 'model.renamed'
  | 'model.alias-added'
  | 'model.alias-removed'
  | 'model.priced'
  | 'model.noted'
  | 'model.published'
  | 'model.deprecated'
  | 'model.retired'
  | 'model.degraded'
  | 'model.restored'
  | 'provider.added'
  | 'provider.changed'
  | 'provider.removed'
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

/** Written in the transaction of the act itself, so that neither is there without the other. */
export async function insertAuditEvent(tx: Transaction, event: NewAuditEvent): Promise<void> {
  const { actor, accountId, action, target, details = {} } = event;
  await tx.auditEvent.create({
    data: {
      id: newId('aud'),
      accountId: accountId ?? null,
      userId: actor.userId ?? null,
      keyId: actor.keyId ?? null,
      action,
      target: target ?? null,
      details,
      ipAddress: actor.ipAddress ?? null,
    },
  });
}
