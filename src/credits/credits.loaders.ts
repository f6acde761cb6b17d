import DataLoader from 'dataloader';
import type { AccountId } from '../platform/ids.js';
import { perContext } from '../platform/per-context.js';
import type { CreditsService } from './credits.service.js';
import type { Balance, CreditLot } from './movement.js';

/** What one request reads of the ledger by key, in one statement each. Nothing is kept: credit moves. */
export interface CreditLoaders {
  readonly balance: DataLoader<AccountId, Balance | undefined>;
  readonly lot: DataLoader<string, CreditLot | undefined>;
}

export function createCreditLoaders(credits: CreditsService): (context: object) => CreditLoaders {
  const options = { cache: false };
  return perContext(() => ({
    balance: new DataLoader(async (ids) => {
      const found = await credits.balances([...new Set(ids)]);
      return ids.map((id) => found.get(id));
    }, options),
    lot: new DataLoader(async (ids) => {
      const found = await credits.findLots([...new Set(ids)]);
      return ids.map((id) => found.get(id));
    }, options),
  }));
}
