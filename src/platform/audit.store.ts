import type { Tables } from './database.js';
import { type AccountId, type KeyId, newId, type UserId } from './ids.js';

/** Acts that are written down, for ever. */
export type AuditAction =
  | 'account.created'
  | 'account.closed'
  | 'account.renamed'
  | 'account.frozen'
  | 'account.unfrozen'
  | 'account.limited'
  | 'account.second-factor-required'
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
  | 'promo.created'
  | 'promo.disabled'
  | 'dead-letter.replayed'
  | 'dead-letter.dismissed'
  | 'background.run'
  | 'operator.added'
  | 'operator.removed'
  | 'webhook.created'
  | 'webhook.changed'
  | 'webhook.deleted'
  | 'webhook.secret-rotated'
  | 'webhook.tested'
  | 'webhook.replayed'
  | 'webhook.disabled'
  | 'alert.created'
  | 'alert.changed'
  | 'alert.deleted'
  | 'demand.planned'
  | 'demand.commented'
  | 'demand.merged'
  | 'demand.accepted'
  | 'user.signed-in'
  | 'user.sign-in-failed'
  | 'user.password-changed'
  | 'user.renamed'
  | 'user.erased'
  | 'user.passkey-added'
  | 'user.passkey-removed'
  | 'user.second-factor-on'
  | 'user.second-factor-off'
  | 'user.security-mails-on'
  | 'user.security-mails-off'
  | 'user.email-verified'
  | 'user.password-reset';

/** Who did it. Nobody at all: the server itself. */
export interface AuditedActor {
  readonly userId?: UserId | undefined;
  readonly keyId?: KeyId | undefined;
  readonly ipAddress?: string | undefined;
  /** Of whoever used the command line; kept with the details. */
  readonly osUser?: string | undefined;
}

export interface NewAuditEvent {
  readonly actor: AuditedActor;
  readonly accountId?: AccountId | undefined;
  readonly action: AuditAction;
  /** Id of what it was done to. */
  readonly target?: string | undefined;
  /** Never holds a secret. */
  readonly details?: Readonly<Record<string, string>>;
}

/** Written in the transaction of the act itself, so that neither is there without the other. */
export async function insertAuditEvent(tx: Tables, event: NewAuditEvent): Promise<void> {
  const { actor, accountId, action, target, details = {} } = event;
  await tx.auditEvent.create({
    data: {
      id: newId('aud'),
      accountId: accountId ?? null,
      userId: actor.userId ?? null,
      keyId: actor.keyId ?? null,
      action,
      target: target ?? null,
      details: actor.osUser === undefined ? details : { ...details, osUser: actor.osUser },
      ipAddress: actor.ipAddress ?? null,
    },
  });
}
