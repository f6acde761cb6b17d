import type { Actor } from '../platform/actor.js';
import type { AccountOfUser } from './account.js';
import { memberActor, withoutRights } from './member-actor.js';

/** An account that the person has just come to; the request's rights are older. */
export function toJoinedAccount(actor: Actor, account: AccountOfUser) {
  const { secondFactorRequired } = account.standing;
  // Whether the session has shown one is found out with the next request.
  const there = secondFactorRequired
    ? withoutRights(actor, account.id)
    : memberActor(actor, account);
  return { id: account.id, actor: there };
}
