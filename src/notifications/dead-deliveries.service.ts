import type { Queryable, Transaction } from '../platform/database.js';
import type { TimePlace } from '../platform/time-cursor.js';
import * as store from './dead-deliveries.store.js';

/** Mails and webhooks that were given up, for operators. */
export function deadDeliveries(db: Queryable) {
  return {
    list: (page: { readonly first: number; readonly after: TimePlace | undefined }) =>
      store.listDead(db, page),
    find: (id: string) => store.findDead(db, id),
    replay: (tx: Transaction, id: string | undefined) => store.reviveDead(tx, id),
    dismiss: (tx: Transaction, id: string) => store.dismissDead(tx, id),
  };
}
