import { AppError } from '../errors.js';
import { type Actor, requireRecentProof, type Scope } from '../platform/actor.js';
import { type AuditAction, insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';
import { checkAnyOf } from '../platform/list-filter.js';
import { decodeTimeCursor } from '../platform/time-cursor.js';
import { type Role, ROLES, SCOPES_OF_ROLE } from './account.js';
import { KEY_SCOPES } from './api-key.js';
import { changeOrganization } from './organization-change.service.js';
import { canAdminister, refuseMightier, refuseUnlessOwner } from './giving-roles.js';
import { revokeInvitations } from './invitations.store.js';
import { refuseLimitedKey } from './key-limits.js';
import { endKeysMadeBy, findOwnKey } from './keys.store.js';
import type { Membership, MembershipFilter, MembershipKey } from './membership.js';
import * as store from './members.store.js';

/** Who belongs to an organization, and as what. An account always keeps an owner. */
export class MembersService {
  constructor(private readonly db: Database) {}

  /** By time of joining. @throws AppError BAD_USER_INPUT */
  list(
    accountId: AccountId,
    { roles }: MembershipFilter,
    { first, after }: { readonly first: number; readonly after: string | undefined },
  ): Promise<readonly Membership[]> {
    checkAnyOf(roles, 'filter.roles');
    const place = after === undefined ? undefined : decodeTimeCursor(after);
    return store.listMemberships(this.db, accountId, { roles, first, after: place });
  }

  find({ accountId, userId }: MembershipKey): Promise<Membership | undefined> {
    return store.findMembership(this.db, accountId, userId);
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
  ): Promise<Membership> {
    await changeOrganization(this.db, accountId, async (tx) => {
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
    const membership = await this.find({ accountId, userId });
    if (membership === undefined) throw noSuchMember();
    return membership;
  }

  /**
   * The keys that the member made end, and those that were made with them.
   * @throws AppError NOT_FOUND, FORBIDDEN, CONFLICT when no owner would be left
   */
  async remove(actor: Actor, accountId: AccountId, userId: UserId): Promise<void> {
    await changeOrganization(this.db, accountId, async (tx) => {
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
    await revokeInvitations(tx, accountId, { invitedBy, roles: mightier });
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

function noSuchMember(): AppError {
  return new AppError('NOT_FOUND', 'Member not found.');
}
