import { AppError } from '../errors.js';
import { type Actor, actorOn } from '../platform/actor.js';
import type { Queryable } from '../platform/database.js';
import type { AccountId, UserId } from '../platform/ids.js';
import * as store from './users.store.js';

/** A person, as far as a caller may know them. */
export interface VisibleUser {
  readonly id: UserId;
  readonly name: string;
  readonly email: string;
  /** null: the caller is neither the person nor an operator. */
  readonly emailVerified: boolean | null;
}

/** People, as others see them. */
export class UsersService {
  constructor(private readonly db: Queryable) {}

  /**
   * The people with these ids whom the caller may see: themselves, everybody on an account that they read or administer,
   * and for operators everybody. One statement.
   */
  async findVisible(
    actor: Actor,
    ids: readonly UserId[],
  ): Promise<ReadonlyMap<string, VisibleUser>> {
    if (actor.accountId === undefined) return new Map();
    const found = await store.findUsers(this.db, ids, actor);
    const isOperator = actor.scopes.has('operator');
    const visible = found.flatMap(({ sharedAccounts, emailVerified, ...user }): VisibleUser[] => {
      if (isOperator || user.id === actor.userId) return [{ ...user, emailVerified }];
      if (!sharedAccounts.some((id) => seesMembers(actor, id))) return [];
      return [{ ...user, emailVerified: null }];
    });
    return new Map(visible.map((user) => [user.id, user]));
  }
}

/** Whoever reads an account or administers it; not without the second factor that it requires. */
function seesMembers(actor: Actor, accountId: AccountId): boolean {
  try {
    const scopes = actorOn(actor, accountId)?.scopes;
    return scopes?.has('read') === true || scopes?.has('admin') === true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'FORBIDDEN') return false;
    throw error;
  }
}
