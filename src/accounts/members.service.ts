import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../errors.js';
import { type Actor, requireRecentProof, type Scope } from '../platform/actor.js';
import type { Database, Transaction } from '../platform/database.js';
import { type AccountId, type InvitationId, newId, type UserId } from '../platform/ids.js';
import type { Mailer } from '../platform/mailer.js';
import type { RateCounter } from '../platform/rate-counter.js';
import {
  type AccountOfUser,
  checkEmail,
  plainEmail,
  type Role,
  ROLES,
  SCOPES_OF_ROLE,
} from './account.js';
import * as accounts from './accounts.store.js';
import { type AuditAction, insertAuditEvent } from '../platform/audit.store.js';
import { KEY_SCOPES } from './api-key.js';
import { refuseLimitedKey } from './key-limits.js';
import { endKeysMadeBy, findOwnKey } from './keys.store.js';
import { canAdminister, refuseMightier, refuseUnlessOwner } from './giving-roles.js';
import type { Invitation, Member } from './member.js';
import * as store from './members.store.js';

const MEMBERS_MAX = 1_000;
const INVITATION_DAYS = 7;

/** Invitations in a day: from an account, and to a mailbox from all accounts together. */
const INVITATIONS = { account: 100, mailbox: 10 } as const;

export interface MembersParts {
  readonly db: Database;
  readonly mailer: Mailer;
  /** Counts invitations for a day. */
  readonly mails: RateCounter;
  readonly publicUrl: string;
}

/** Who belongs to an organisation, and as what. An account always keeps an owner. */
export class MembersService {
  private readonly db: MembersParts['db'];

  constructor(private readonly parts: MembersParts) {
    this.db = parts.db;
  }

  /** By time of joining. */
  list(accountId: AccountId): Promise<readonly Member[]> {
    return store.listMembers(this.db, accountId);
  }

  /** Those that wait, newest first. */
  invitations(accountId: AccountId): Promise<readonly Invitation[]> {
    return store.listInvitations(this.db, accountId);
  }

  /**
   * Mails an invitation, which replaces an earlier one to the same address.
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
    const token = randomBytes(32).toString('base64url');
    const invitation = await this.change(accountId, async (tx) => {
      refuseLimitedKey(await findOwnKey(tx, actor, accountId));
      if ((await this.list(accountId)).length >= MEMBERS_MAX) {
        throw new AppError(
          'CONFLICT',
          `The account already has the maximum of ${String(MEMBERS_MAX)} members.`,
        );
      }
      await store.revokeInvitations(tx, accountId, { email: address });
      const made = await store.insertInvitation(
        tx,
        { id: newId('inv'), accountId, email: address, role },
        { tokenHash: hashOf(token), invitedBy: actor.userId ?? actor.keyId ?? 'system' },
        INVITATION_DAYS,
      );
      await this.writeDown(tx, actor, accountId, 'member.invited', made.id, { role });
      return made;
    });
    const { mailer, publicUrl } = this.parts;
    await mailer.send({
      to: address,
      subject: 'You have been invited to an account',
      text: `You have been invited to join an account on ${publicUrl} as ${role.toLowerCase()}. Sign in with this email address, then accept within a week:\n\n${publicUrl}/auth/invitation?token=${token}\n`,
    });
    return invitation;
  }

  /** Withdraws an invitation; may be repeated. */
  async revokeInvitation(actor: Actor, accountId: AccountId, id: InvitationId): Promise<void> {
    await this.change(accountId, async (tx) => {
      if ((await store.revokeInvitations(tx, accountId, { id })) === 1) {
        await this.writeDown(tx, actor, accountId, 'member.uninvited', id);
      }
    });
  }

  /**
   * The person whose verified address was invited becomes a member.
   * @throws AppError NOT_FOUND for an invitation that was used, withdrawn, has expired or was never sent,
   *   and for one to somebody else
   */
  async accept(actor: Actor, userId: UserId, token: string): Promise<AccountOfUser> {
    const user = await accounts.findUser(this.db, userId);
    const accountId = await this.db.transaction(async (tx) => {
      const invitation = await store.findInvitation(tx, hashOf(token));
      if (
        invitation === undefined ||
        user?.emailVerified !== true ||
        user.email.toLowerCase() !== invitation.email ||
        (await store.lockAccount(tx, invitation.accountId)) === undefined ||
        !(await store.takeInvitation(tx, invitation.id))
      ) {
        throw new AppError(
          'NOT_FOUND',
          'No invitation found for your email address. Sign in with the address that was invited, or ask for a new invitation.',
        );
      }
      // Who is there already keeps the role.
      if ((await store.findRole(tx, invitation.accountId, userId)) === undefined) {
        await store.setRole(tx, invitation.accountId, userId, invitation.role);
      }
      await this.writeDown(tx, actor, invitation.accountId, 'member.joined', userId);
      return invitation.accountId;
    });
    const joined = (await accounts.listAccounts(this.db, userId)).find(
      ({ id }) => id === accountId,
    );
    if (joined === undefined) throw new AppError('NOT_FOUND', 'Account not found.');
    return joined;
  }

  /**
   * A role never gives more than its giver has. Keys that the member made end when they may do what the role may not.
   * @throws AppError NOT_FOUND; FORBIDDEN, also without a recent proof where an administrator is made or an owner changed, and
   *   for a key with limits;
   *   CONFLICT when no owner would be left
   */
  async changeRole(
    actor: Actor,
    accountId: AccountId,
    userId: UserId,
    role: Role,
  ): Promise<Member> {
    await this.change(accountId, async (tx) => {
      const current = await this.currentRole(tx, accountId, userId);
      refuseUnlessOwner(actor, current);
      const given = SCOPES_OF_ROLE[role].filter(
        (scope) => !SCOPES_OF_ROLE[current].includes(scope),
      );
      refuseMightier(actor, given);
      if (given.length > 0) refuseLimitedKey(await findOwnKey(tx, actor, accountId));
      if (canAdminister(role) || current === 'OWNER') await requireRecentProof(actor);
      if (current === 'OWNER' && role !== 'OWNER') await this.refuseLastOwner(tx, accountId);
      await store.setRole(tx, accountId, userId, role);
      await this.revokeMightierInvitations(tx, accountId, userId, SCOPES_OF_ROLE[role]);
      await this.endKeys(tx, actor, accountId, userId, SCOPES_OF_ROLE[role]);
      await this.writeDown(tx, actor, accountId, 'member.changed', userId, { from: current, role });
    });
    const member = (await this.list(accountId)).find((one) => one.userId === userId);
    if (member === undefined) throw noSuchMember();
    return member;
  }

  /**
   * The keys that the member made end, and those that were made with them.
   * @throws AppError NOT_FOUND, FORBIDDEN, CONFLICT when no owner would be left
   */
  async remove(actor: Actor, accountId: AccountId, userId: UserId): Promise<void> {
    await this.change(accountId, async (tx) => {
      const current = await this.currentRole(tx, accountId, userId);
      if (actor.userId !== userId) refuseUnlessOwner(actor, current);
      if (current === 'OWNER') await requireRecentProof(actor);
      if (current === 'OWNER') await this.refuseLastOwner(tx, accountId);
      await this.endKeys(tx, actor, accountId, userId, []);
      await store.deleteMember(tx, accountId, userId);
      await this.revokeMightierInvitations(tx, accountId, userId, []);
      await this.writeDown(tx, actor, accountId, 'member.removed', userId);
    });
  }

  private async budget(who: string, max: number, message: string): Promise<void> {
    const { count, msBeforeNext } = await this.parts.mails.count(who);
    if (count <= max) return;
    throw new AppError('RATE_LIMITED', message, {
      details: { retryAfterS: Math.ceil(msBeforeNext / 1_000) },
    });
  }

  /** One change of an organisation's members at a time. */
  private change<T>(accountId: AccountId, work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.db.transaction(async (tx) => {
      const kind = await store.lockAccount(tx, accountId);
      if (kind === undefined) throw new AppError('NOT_FOUND', 'Account not found.');
      if (kind === 'PERSONAL') {
        throw new AppError(
          'CONFLICT',
          'A personal account has a single member. Create an organization instead.',
        );
      }
      return work(tx);
    });
  }

  /** Otherwise who was removed could come back, by an invitation to another address of theirs. */
  private async revokeMightierInvitations(
    tx: Transaction,
    accountId: AccountId,
    invitedBy: UserId,
    scopes: readonly Scope[],
  ): Promise<void> {
    const mightier = Object.values(ROLES).filter(
      (role) => !SCOPES_OF_ROLE[role].every((scope) => scopes.includes(scope)),
    );
    await store.revokeInvitations(tx, accountId, { invitedBy, roles: mightier });
  }

  /** Ends the keys that a member made and that have a scope beyond these: their maker knows them. */
  private async endKeys(
    tx: Transaction,
    actor: Actor,
    accountId: AccountId,
    maker: UserId,
    scopes: readonly Scope[],
  ): Promise<void> {
    const lacking = Object.values(KEY_SCOPES).filter(
      (scope) => !scopes.includes(scope.toLowerCase() as Scope),
    );
    for (const id of await endKeysMadeBy(tx, accountId, { maker, lacking })) {
      await this.writeDown(tx, actor, accountId, 'key.revoked', id, { madeBy: maker });
    }
  }

  private async currentRole(tx: Transaction, accountId: AccountId, userId: UserId): Promise<Role> {
    const role = await store.findRole(tx, accountId, userId);
    if (role === undefined) throw noSuchMember();
    return role;
  }

  private async refuseLastOwner(tx: Transaction, accountId: AccountId): Promise<void> {
    if ((await store.countOwners(tx, accountId)) > 1) return;
    throw new AppError(
      'CONFLICT',
      'An account must have an owner. Make another member an owner first.',
    );
  }

  private writeDown(
    tx: Transaction,
    actor: Actor,
    accountId: AccountId,
    action: AuditAction,
    target: string,
    details: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    return insertAuditEvent(tx, { actor, accountId, action, target, details });
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function noSuchMember(): AppError {
  return new AppError('NOT_FOUND', 'Member not found.');
}
