import DataLoader from 'dataloader';
import type { Actor } from '../platform/actor.js';
import type { UserId } from '../platform/ids.js';
import { perContext } from '../platform/per-context.js';
import type { UsersService, VisibleUser } from './users.service.js';

/** A request, by who sent it. */
type Context = Readonly<Record<'actor', Actor>>;

/** The users of a request by id, in one statement; null for those whom its caller may not see, as for those that are not. */
export type LoadUser = (context: Context, id: UserId) => Promise<VisibleUser | null>;

export function createUserLoader(users: UsersService): LoadUser {
  const loaders = perContext(
    ({ actor }: Context) =>
      new DataLoader<UserId, VisibleUser | null>(
        async (ids) => {
          const found = await users.findVisible(actor, [...new Set(ids)]);
          return ids.map((id) => found.get(id) ?? null);
        },
        // Nothing is kept: a mutation later in the same request may have changed it.
        { cache: false },
      ),
  );
  return (context, id) => loaders(context).load(id);
}
