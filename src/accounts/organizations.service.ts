import { AppError } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import { insertAuditEvent } from '../platform/audit.store.js';
import type { Database } from '../platform/database.js';
import { newId, type UserId } from '../platform/ids.js';
import { checkName } from '../platform/name.js';
import { type AccountOfUser, GOOD_STANDING } from './account.js';
import * as accounts from './accounts.store.js';
import { mailboxHash } from './mailbox.js';
import { countOrganizations, lockPersonsTurn } from './persons.store.js';

/** Accounts that people share. */
export class OrganizationsService {
  constructor(
    private readonly db: Database,
    /** Organizations that a person may have made at a time. */
    private readonly perPersonMax: number,
  ) {}

  /**
   * The person becomes its owner.
   * @throws AppError BAD_USER_INPUT; FORBIDDEN unless their address is verified; CONFLICT when they have made as many as
   *   they may, with whatever address of their mailbox
   */
  async create(actor: Actor, userId: UserId, name: string): Promise<AccountOfUser> {
    const account = { id: newId('acct'), kind: 'ORGANIZATION', name: checkName(name) } as const;
    const user = await accounts.findUser(this.db, userId);
    if (user?.emailVerified !== true) {
      throw new AppError('FORBIDDEN', 'Verify your email address first.');
    }
    const openedBy = mailboxHash(user.email);
    const { createdAt } = await this.db.transaction(async (tx) => {
      await lockPersonsTurn(tx, openedBy);
      if ((await countOrganizations(tx, openedBy)) >= this.perPersonMax) {
        throw new AppError(
          'CONFLICT',
          `You have reached the limit of ${String(this.perPersonMax)} organizations. Close one first.`,
        );
      }
      const created = await accounts.insertAccount(tx, { ...account, openedBy }, userId);
      const event = { actor, accountId: account.id, action: 'account.created' } as const;
      await insertAuditEvent(tx, { ...event, target: account.id });
      return created;
    });
    return { ...account, role: 'OWNER', standing: GOOD_STANDING, createdAt };
  }
}
