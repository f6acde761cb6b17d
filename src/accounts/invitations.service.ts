import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../errors.js';
import { type Actor, requireRecentProof } from '../platform/actor.js';
import { insertAuditEvent } from '../platform/audit.store.js';
import type { Database } from '../platform/database.js';
import { type AccountId, type InvitationId, newId, type UserId } from '../platform/ids.js';
import type { MailQueue } from '../platform/mail-queue.js';
import type { Mailer } from '../platform/mailer.js';
import type { RateCounter } from '../platform/rate-counter.js';
import { decodeTimeCursor } from '../platform/time-cursor.js';
import {
  type AccountOfUser,
  checkEmail,
  plainEmail,
  type Role,
  SCOPES_OF_ROLE,
} from './account.js';
import * as accounts from './accounts.store.js';
import { changeOrganization } from './organization-change.service.js';
import { canAdminister, refuseMightier } from './giving-roles.js';
import type { Invitation, InvitationPreview } from './invitation.js';
import { invitationMail } from './invitation-mail.js';
import * as store from './invitations.store.js';
import { refuseLimitedKey } from './key-limits.js';
import { findOwnKey } from './keys.store.js';
import { countMembers, findRole, lockAccount, setRole } from './members.store.js';

const MEMBERS_MAX = 1_000;
const INVITATION_DAYS = 7;

/** Invitations in a day: from an account, and to a mailbox from all accounts together. */
const INVITATIONS = { account: 100, mailbox: 10 } as const;

export interface InvitationsParts {
  readonly db: Database;
  readonly mailer: Mailer;
  readonly mailQueue: Pick<MailQueue, 'add' | 'runNow'>;
  /** Counts invitations for a day. */
  readonly mails: RateCounter;
  readonly publicUrl: string;
}

/** How people come to an organization: by an invitation to their address. */
export class InvitationsService {
  constructor(private readonly parts: InvitationsParts) {}

  /** Those that wait, newest first. @throws AppError BAD_USER_INPUT */
  list(
    accountId: AccountId,
    { first, after }: { readonly first: number; readonly after: string | undefined },
  ): Promise<readonly Invitation[]> {
    const place = after === undefined ? undefined : decodeTimeCursor(after);
    return store.listInvitations(this.parts.db, accountId, { first, after: place });
  }

  /** One that waits. */
  find(id: string): Promise<Invitation | undefined> {
    return /^inv_\w{1,60}$/.test(id)
      ? store.findInvitation(this.parts.db, id as InvitationId)
      : Promise.resolve(undefined);
  }

  /** What whoever holds its token is invited to; undefined: nothing, or no longer. */
  preview(token: string): Promise<InvitationPreview | undefined> {
    return store.findPreview(this.parts.db, hashOf(token));
  }

  /**
   * Creates an invitation and queues its mail. It replaces an earlier one to the same address.
   * @throws AppError BAD_USER_INPUT; CONFLICT for a personal account; FORBIDDEN when the role has a scope that the
   *   actor lacks, or ADMIN without a recent proof, and for a key with limits; RATE_LIMITED
   */
  async invite(
    actor: Actor,
    accountId: AccountId,
    { email, role }: { email: string; role: Role },
  ): Promise<Invitation> {
    const address = checkEmail(email);
    refuseMightier(actor, SCOPES_OF_ROLE[role]);
    if (canAdminister(role)) await requireRecentProof(actor);
    await this.budget(
      `invitation:from:${accountId}`,
      INVITATIONS.account,
      'This account has sent too many invitations today. Try again tomorrow.',
    );
    await this.budget(
      `invitation:to:${plainEmail(address)}`,
      INVITATIONS.mailbox,
      'Too many invitations have been sent to this address today. Try again tomorrow.',
    );
    const { db, mailQueue } = this.parts;
    const invitation = await changeOrganization(db, accountId, async (tx) => {
      refuseLimitedKey(await findOwnKey(tx, actor, accountId));
      if ((await countMembers(tx, accountId)) >= MEMBERS_MAX) {
        throw new AppError(
          'CONFLICT',
          `The account already has the maximum of ${String(MEMBERS_MAX)} members.`,
        );
      }
      await store.revokeInvitations(tx, accountId, { email: address });
      const made = await store.insertInvitation(
        tx,
        {
          id: newId('inv'),
          accountId,
          email: address,
          role,
          invitedBy: actor.userId ?? actor.keyId ?? 'system',
        },
        hashOf(newToken()),
        INVITATION_DAYS,
      );
      await insertAuditEvent(tx, {
        actor,
        accountId,
        action: 'member.invited',
        target: made.id,
        details: { role },
      });
      await mailQueue.add(tx, { kind: 'invitation', email: address, about: made.id });
      return made;
    });
    mailQueue.runNow();
    return invitation;
  }

  /** Mails the link of an invitation, which replaces a link sent before; nothing for one that has ended. */
  async sendMail(id: string): Promise<void> {
    const { db, mailer, publicUrl } = this.parts;
    const token = newToken();
    await store.replaceToken(db, id, hashOf(token));
    const preview = await this.preview(token);
    if (preview === undefined) return;
    const { email } = preview.invitation;
    await mailer.send({ to: email, ...invitationMail(preview, token, publicUrl) });
  }

  /** Withdraws an invitation; may be repeated. */
  async revoke(actor: Actor, accountId: AccountId, id: InvitationId): Promise<void> {
    await changeOrganization(this.parts.db, accountId, async (tx) => {
      if ((await store.revokeInvitations(tx, accountId, { id })) === 1) {
        await insertAuditEvent(tx, { actor, accountId, action: 'member.uninvited', target: id });
      }
    });
  }

  /**
   * The person whose verified address was invited becomes a member.
   * @throws AppError NOT_FOUND for an invitation that was used, withdrawn, has expired or was never sent,
   *   and for one to somebody else
   */
  async accept(actor: Actor, userId: UserId, token: string): Promise<AccountOfUser> {
    const user = await accounts.findUser(this.parts.db, userId);
    const accountId = await this.parts.db.transaction(async (tx) => {
      const invitation = await store.findInvitationByToken(tx, hashOf(token));
      if (
        invitation === undefined ||
        user?.emailVerified !== true ||
        user.email.toLowerCase() !== invitation.email ||
        (await lockAccount(tx, invitation.accountId)) === undefined ||
        !(await store.takeInvitation(tx, invitation.id))
      ) {
        throw new AppError(
          'NOT_FOUND',
          'No invitation found for your email address. Sign in with the address that was invited, or ask for a new invitation.',
        );
      }
      // Who is there already keeps the role.
      if ((await findRole(tx, invitation.accountId, userId)) === undefined) {
        await setRole(tx, invitation.accountId, userId, invitation.role);
      }
      await insertAuditEvent(tx, {
        actor,
        accountId: invitation.accountId,
        action: 'member.joined',
        target: userId,
      });
      return invitation.accountId;
    });
    const joined = (await accounts.listAccounts(this.parts.db, userId)).find(
      ({ id }) => id === accountId,
    );
    if (joined === undefined) throw new AppError('NOT_FOUND', 'Account not found.');
    return joined;
  }

  private async budget(who: string, max: number, message: string): Promise<void> {
    const { count, msBeforeNext } = await this.parts.mails.count(who);
    if (count <= max) return;
    throw new AppError('RATE_LIMITED', message, {
      details: { retryAfterS: Math.ceil(msBeforeNext / 1_000) },
    });
  }
}

/** Only its hash is stored. */
function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
