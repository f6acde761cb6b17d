import type { Queryable, Tables } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { Card } from './purchase.js';

export interface Customer {
  readonly accountId: AccountId;
  readonly customerId: string;
  readonly card: Card | null;
}

export async function findCustomer(
  db: Queryable,
  accountId: AccountId,
  provider: string,
): Promise<Customer | undefined> {
  const [row] = await db.query<{
    customerId: string;
    paymentMethodId: string | null;
    brand: string | null;
    lastFour: string | null;
  }>(
    `SELECT customer_id AS "customerId", payment_method_id AS "paymentMethodId", card_brand AS brand,
            card_last_four AS "lastFour"
       FROM payment_customer WHERE account_id = $1 AND provider = $2`,
    [accountId, provider],
  );
  if (row === undefined) return undefined;
  const { customerId, paymentMethodId, brand, lastFour } = row;
  const card =
    paymentMethodId === null
      ? null
      : { paymentMethodId, brand: brand ?? '', lastFour: lastFour ?? '' };
  return { accountId, customerId, card };
}

export async function findAccountOf(
  db: Queryable,
  customerId: string,
): Promise<AccountId | undefined> {
  const [row] = await db.query<{ accountId: AccountId }>(
    'SELECT account_id AS "accountId" FROM payment_customer WHERE customer_id = $1',
    [customerId],
  );
  return row?.accountId;
}

/** One for each account: of two that race, the first stays. */
export async function insertCustomer(
  db: Queryable,
  customer: { accountId: AccountId; provider: string; customerId: string },
): Promise<void> {
  await db.query(
    `INSERT INTO payment_customer (account_id, provider, customer_id) VALUES ($1, $2, $3)
     ON CONFLICT DO NOTHING`,
    [customer.accountId, customer.provider, customer.customerId],
  );
}

/** The card that is charged from now on. */
export async function keepCard(
  tx: Tables,
  accountId: AccountId,
  provider: string,
  card: Card,
): Promise<void> {
  await tx.paymentCustomer.updateMany({
    where: { accountId, provider },
    data: {
      paymentMethodId: card.paymentMethodId,
      cardBrand: card.brand,
      cardLastFour: card.lastFour,
    },
  });
}

/** Forgets a card that its owner has removed. */
export async function forgetCard(db: Queryable, paymentMethodId: string): Promise<void> {
  await db.query(
    `UPDATE payment_customer SET payment_method_id = NULL, card_brand = NULL, card_last_four = NULL
      WHERE payment_method_id = $1`,
    [paymentMethodId],
  );
}

/** A customer that was deleted at Stripe: the account gets a new one when it needs one. */
export async function deleteCustomer(db: Queryable, customerId: string): Promise<void> {
  await db.query('DELETE FROM payment_customer WHERE customer_id = $1', [customerId]);
}
