import { AppError } from '../errors.js';
import { type Actor, anonymous, type Scope } from '../platform/actor.js';
import type { Queryable } from '../platform/database.js';
import { isAccountId, type UserId } from '../platform/ids.js';
import type { AccountOfUser, User } from './account.js';
import { memberActor, scopesOf } from './member-actor.js';
import * as store from './accounts.store.js';

/** What people may do in their sessions. */
export class MembersRights {
  constructor(private readonly db: Queryable) {}

  /**
   * What a signed-in person is on an account.
   * @param wanted the account that the request names; the personal one by default
   * @param base what does not depend on the account
   * @throws AppError FORBIDDEN when the person does not belong to it, or it requires a second factor that their session
   *   has not shown
   */
  async actorOf(
    { userId, hasSecondFactor }: { userId: UserId; hasSecondFactor: boolean },
    wanted: string | undefined,
    base: ActorBase,
  ): Promise<Actor> {
    const [user, accounts] = await Promise.all([
      store.findUser(this.db, userId),
      store.listAccounts(this.db, userId),
    ]);
    if (user === undefined) throw notMember();
    const needsMore = ({ standing }: AccountOfUser) =>
      standing.secondFactorRequired && !hasSecondFactor;
    const rights = accounts
      .map((account) => `${account.id}:${needsMore(account) ? 'none' : account.role}`)
      .sort()
      .join(' ');
    const on = (accountId: string): Actor | undefined => {
      const person = { ...anonymous(base.ipAddress), ...base, userId, on, rights };
      const account = accounts.find(({ id }) => id === accountId);
      if (account === undefined || needsMore(account)) {
        if (user.operator && isAccountId(accountId)) {
          return { ...person, accountId, scopes: OPERATOR_ELSEWHERE };
        }
        if (account === undefined) return undefined;
        throw secondFactorRequired();
      }
      return memberActor({ ...person, scopes: scopesOf(user, []) }, account);
    };
    const own = wanted ?? accounts[0]?.id;
    if (own !== undefined && !accounts.some(({ id }) => id === own)) throw notMember();
    const actor =
      own === undefined ? await this.withoutAccount(user, { ...base, on, rights }) : on(own);
    if (actor === undefined) throw notMember();
    return actor;
  }

  /** Somebody whose only account is closed can still have their data, be erased, and begin anew. */
  private async withoutAccount(user: User, base: ActorBase): Promise<Actor | undefined> {
    const accountId = await store.findClosedAccount(this.db, user.id);
    if (accountId === undefined) return undefined;
    const { id: userId } = user;
    return { ...anonymous(base.ipAddress), ...base, accountId, userId, scopes: scopesOf(user, []) };
  }
}

type ActorBase = Pick<Actor, 'ipAddress'> & Partial<Actor>;

/** What operators may do on accounts to which they do not belong. */
const OPERATOR_ELSEWHERE: ReadonlySet<Scope> = new Set(['public', 'read', 'operator']);

function notMember(): AppError {
  return new AppError('FORBIDDEN', 'You are not a member of this account.');
}

function secondFactorRequired(): AppError {
  return new AppError(
    'FORBIDDEN',
    'This account requires a second factor. Set one up at /api/auth/two-factor/enable. If you have one, sign in with it, or send its code to confirmIdentity on your personal account.',
    { details: { secondFactorRequired: true } },
  );
}
