import { AppError } from '../errors.js';
import { type Actor, requireRecentProof } from '../platform/actor.js';
import { insertAuditEvent } from '../platform/audit.store.js';
import type { Database, Transaction } from '../platform/database.js';
import type { UserId } from '../platform/ids.js';
import { checkEmail } from './account.js';
import type { AccountsService } from './accounts.service.js';
import { findUserId } from './accounts.store.js';
import * as store from './erasure.store.js';
import * as operators from './operators.store.js';
import { readPersonalData } from './personal-data.store.js';

/** Somebody who is known. */
export interface KnownPerson {
  readonly id: UserId;
  readonly email: string;
}

/** What another domain knows of people. */
export interface PersonalDataHolder {
  /** Of the part of an export. */
  readonly name: string;
  /** Nothing of others, and no secrets. */
  readonly collect: (person: KnownPerson) => Promise<readonly object[]>;
  /** Deletes it, or makes it nobody's. */
  readonly forget: (tx: Transaction, person: KnownPerson) => Promise<void>;
}

export interface ErasureParts {
  readonly db: Database;
  readonly accounts: Pick<AccountsService, 'close' | 'user'>;
  readonly holders: readonly PersonalDataHolder[];
}

/** What is known of a person: given out, and deleted for good. */
export class ErasureService {
  constructor(private readonly parts: ErasureParts) {}

  /** @throws AppError NOT_FOUND */
  async personalData(userId: UserId): Promise<Readonly<Record<string, unknown>>> {
    const { db, accounts, holders } = this.parts;
    const { email } = await accounts.user(userId);
    const own = await readPersonalData(db, userId);
    const others = await Promise.all(
      holders.map(
        async ({ name, collect }) => [name, await collect({ id: userId, email })] as const,
      ),
    );
    return { ...own, ...Object.fromEntries(others) };
  }

  /**
   * Deletes the person who is signed in. Personal accounts are closed first; the ledger, runs and purchases stay under an
   * id that is nobody's any more.
   * @param email their own, so that nobody does it by mistake
   * @param giveUpCredit must be said when there is credit left
   * @throws AppError FORBIDDEN without a recent proof; BAD_USER_INPUT for another address; CONFLICT that names what is in
   *   the way
   */
  async eraseSelf(
    actor: Actor,
    userId: UserId,
    { email, giveUpCredit }: { email: string; giveUpCredit: boolean },
  ): Promise<void> {
    await requireRecentProof(actor);
    const person = await this.parts.accounts.user(userId);
    if (checkEmail(email) !== person.email.toLowerCase()) {
      throw new AppError('BAD_USER_INPUT', '`email` must be your own email address.', {
        details: { argument: 'email' },
      });
    }
    await this.erase(actor, person, giveUpCredit);
  }

  /**
   * The same for somebody else, by an operator.
   * @throws AppError NOT_FOUND; CONFLICT that names what is in the way
   */
  async eraseByOperator(actor: Actor, email: string, giveUpCredit: boolean): Promise<void> {
    const address = checkEmail(email);
    const id = await findUserId(this.parts.db, address);
    if (id === undefined) throw new AppError('NOT_FOUND', `No user has signed up with ${address}.`);
    await this.erase(actor, { id, email: address }, giveUpCredit);
  }

  private async erase(actor: Actor, person: KnownPerson, giveUpCredit: boolean): Promise<void> {
    const { db, accounts, holders } = this.parts;
    const personal = await db.transaction(async (tx) => {
      await refuseObstacles(tx, person);
      return store.listPersonalAccounts(tx, person.id);
    });
    for (const accountId of personal) await accounts.close(actor, accountId, giveUpCredit);
    await db.transaction(async (tx) => {
      await refuseObstacles(tx, person);
      if (!(await store.erasePerson(tx, person))) return;
      for (const { forget } of holders) await forget(tx, person);
      const isOwn = actor.userId === person.id;
      const by = isOwn ? { userId: person.id } : actor;
      await insertAuditEvent(tx, { actor: by, action: 'user.erased', target: person.id });
    });
  }
}

async function refuseObstacles(tx: Transaction, { id }: KnownPerson): Promise<void> {
  const orphans = await store.lockOrphans(tx, id);
  if (orphans.length > 0) {
    const names = orphans.map(({ name }) => name).join(', ');
    throw inTheWay(
      `The user is the only owner of ${names}. Make another member an owner, or close the account first.`,
    );
  }
  const all = await operators.lockOperators(tx);
  if (all.length === 1 && all[0] === id) {
    throw inTheWay(
      'The user is the only operator of this platform. Appoint another operator first.',
    );
  }
}

function inTheWay(message: string): AppError {
  return new AppError('CONFLICT', `The user cannot be erased: ${message}`);
}
