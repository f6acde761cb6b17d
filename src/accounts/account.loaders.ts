import DataLoader from 'dataloader';
import { perContext } from '../platform/per-context.js';
import type { AccountId, UserId } from '../platform/ids.js';
import type { AccountDetails } from './account-details.js';
import type { AccountOfUser } from './account.js';
import type { AccountsService } from './accounts.service.js';

/** What the fields of several accounts read in one request, in one statement each. */
export interface AccountLoaders {
  readonly details: DataLoader<AccountId, AccountDetails | undefined>;
  readonly ofUser: DataLoader<UserId, readonly AccountOfUser[]>;
}

export function createAccountLoaders(
  accounts: AccountsService,
): (context: object) => AccountLoaders {
  // Nothing is kept: a mutation later in the same request may have changed it.
  const options = { cache: false };
  return perContext(() => ({
    details: new DataLoader(async (ids) => {
      const found = await accounts.findMany([...new Set(ids)]);
      return ids.map((id) => found.get(id));
    }, options),
    ofUser: new DataLoader(async (ids) => {
      const users = [...new Set(ids)];
      const lists = await Promise.all(users.map((id) => accounts.list(id)));
      return ids.map((id) => lists[users.indexOf(id)] ?? []);
    }, options),
  }));
}
