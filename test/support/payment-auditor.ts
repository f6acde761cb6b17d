import type { Stripe } from 'stripe';
import type { SimulatorStore } from '@gigarouter/stripe-simulator';
import type { Database } from '../../src/platform/database.js';
import type { World } from './payment-world.js';

/**
 * Tells from Stripe's state alone what the ledger has to say, by rules written down a second time, and
 * compares it with what it does say: nano-dollar by nano-dollar. Reads what Stripe's balance moved, and never
 * what our code thinks of it.
 */

const DOLLAR = 1_000_000_000n;
/** What a sum buys that is a pack's price. Any other is in US cents, and buys as much. */
const PACKS: Readonly<Record<string, bigint>> = {
  '500 usd': 5n * DOLLAR,
  '500 eur': 5n * DOLLAR,
  '800 jpy': 5n * DOLLAR,
  '2500 usd': 26n * DOLLAR,
  '2500 eur': 26n * DOLLAR,
  '4000 jpy': 26n * DOLLAR,
};

/** A payment of ours at Stripe, and what its money did. */
interface Paid {
  readonly purchaseId: string;
  readonly accountId: string;
  readonly intent: Stripe.PaymentIntent;
  readonly givenNanos: bigint;
  readonly backNanos: bigint;
}

/** Facts that are not as they should be, in words; empty when all is well. */
export async function audit({ rig, customers }: World, since: Date): Promise<string[]> {
  const { store } = rig.double;
  const paid = paidAtStripe(store);
  return [
    ...onceEach(store, paid),
    ...withinCaps(store, paid, customers, since),
    ...(await sameLedger(rig.db, paid)),
    ...(await sameStates(rig.db, store, paid)),
    ...(await sameRefunds(rig.db, store)),
    ...(await sameBalances(rig.db, paid, customers)),
    ...(await notTooSoon(rig.db)),
  ];
}

function paidAtStripe(store: SimulatorStore): Paid[] {
  const gone = new Map<string, bigint>();
  for (const line of store.all('balance_transaction')) {
    const source = store.find('refund', line.source) ?? store.find('dispute', line.source);
    const intentId = idOf(source?.payment_intent);
    if (intentId !== undefined) {
      gone.set(intentId, (gone.get(intentId) ?? 0n) - BigInt(line.amount));
    }
  }
  return intentsOf(store).flatMap((intent) => {
    if (intent.status !== 'succeeded') return [];
    const { purchase_id: purchaseId = '', account_id: accountId = '' } = intent.metadata;
    const sum = `${String(intent.amount_received)} ${intent.currency}`;
    const givenNanos = PACKS[sum] ?? BigInt(intent.amount_received) * (DOLLAR / 100n);
    const backNanos = shareOf(givenNanos, gone.get(intent.id) ?? 0n, BigInt(intent.amount));
    return [{ purchaseId, accountId, intent, givenNanos, backNanos }];
  });
}

/** As much of the credit as of the money; half a nano-dollar counts as one. At most all, at least nothing. */
function shareOf(nanos: bigint, gone: bigint, charged: bigint): bigint {
  const capped = gone < 0n ? 0n : gone > charged ? charged : gone;
  const [whole, rest] = [(nanos * capped) / charged, (nanos * capped) % charged];
  return rest * 2n >= charged ? whole + 1n : whole;
}

/** One charge, one page and one attempt for each purchase; one customer for each account. */
function onceEach(store: SimulatorStore, paid: readonly Paid[]): string[] {
  const sessions = store.all('checkout.session').filter(({ mode }) => mode === 'payment');
  const off = offSession(store);
  return [
    ...twice(
      'charged twice',
      paid.map(({ purchaseId }) => purchaseId),
    ),
    ...twice(
      'charged twice',
      store
        .all('charge')
        .filter((charge) => charge.paid)
        .map((charge) => idOf(charge.payment_intent)),
    ),
    ...twice(
      'has two pages',
      sessions.map((page) => page.client_reference_id),
    ),
    ...twice(
      'was attempted twice',
      off.map(({ metadata }) => metadata.purchase_id),
    ),
    ...twice(
      'has two customers',
      store.all('customer').map(({ metadata }) => metadata.account_id),
    ),
    ...twice(
      'was refunded twice',
      store.all('refund').flatMap(({ metadata }) => metadata?.refund_request_id ?? []),
    ),
  ];
}

/** What was charged by itself is within what was agreed to; a soak at a month's end has two months. */
function withinCaps(
  store: SimulatorStore,
  paid: readonly Paid[],
  customers: World['customers'],
  since: Date,
): string[] {
  const off = new Set(offSession(store).map(({ id }) => id));
  // Clocks were moved by less than an hour.
  const months = new Set(
    [new Date(since.getTime() - 3_600_000), new Date()].map((at) => at.getUTCMonth()),
  );
  return customers.flatMap(({ accountId, topUp }) => {
    const charged = paid
      .filter((one) => one.accountId === accountId && off.has(one.intent.id))
      .reduce((sum, { intent }) => sum + intent.amount_received, 0);
    const cap = topUp.cap * months.size;
    return charged <= cap ? [] : [`${accountId} was charged ${String(charged)} of ${String(cap)}`];
  });
}

async function sameLedger(db: Database, paid: readonly Paid[]): Promise<string[]> {
  const rows = await db.query<{ purchase: string; account: string; given: string; back: string }>(
    `SELECT coalesce(t.reverses, t.id) AS purchase, t.account_id AS account,
            coalesce(sum(e.amount) FILTER (WHERE t.kind = 'PURCHASE'), 0)::text AS given,
            coalesce(-sum(e.amount) FILTER (WHERE t.kind <> 'PURCHASE'), 0)::text AS back
       FROM journal_transaction t JOIN journal_entry e ON e.transaction_id = t.id AND e.ledger_account = t.account_id
      WHERE t.kind IN ('PURCHASE', 'REFUND', 'DISPUTE') GROUP BY 1, 2`,
    [],
  );
  const line = (purchase: string, account: string, given: unknown, back: unknown) =>
    `${purchase} of ${account}: ${String(given)} given, ${String(back)} taken back`;
  return different(
    'ledger',
    paid.map((one) => line(one.purchaseId, one.accountId, one.givenNanos, one.backNanos)),
    rows.map(({ purchase, account, given, back }) => line(purchase, account, given, back)),
  );
}

/** What is shown of a purchase is what became of it; what Stripe does not know of is not paid. */
async function sameStates(
  db: Database,
  store: SimulatorStore,
  paid: readonly Paid[],
): Promise<string[]> {
  const rows = await db.query<{
    id: string;
    state: string;
    kind: string;
    page: string | null;
    forTopUp: boolean;
  }>('SELECT id, state, kind, session_id AS page, for_top_up AS "forTopUp" FROM purchase', []);
  const isPaid = new Set(paid.map(({ purchaseId }) => purchaseId));
  const stateOf = ({ id, kind, page, state, forTopUp }: (typeof rows)[number]) => {
    if (isPaid.has(id)) return 'PAID';
    if (kind === 'TOP_UP') return 'FAILED';
    // A page that nobody got to see.
    // One of a declined top-up, whose server was killed before it asked Stripe, is closed before the next attempt.
    if (page === null) return forTopUp && state === 'EXPIRED' ? state : 'PENDING';
    return store.find('checkout.session', page)?.status === 'expired' ? 'EXPIRED' : 'FAILED';
  };
  return different(
    'states',
    rows.map((row) => `${row.id} ${row.kind} ${stateOf(row)}`),
    rows.map((row) => `${row.id} ${row.kind} ${row.state}`),
  );
}

/** A refund that the operator asked for is one at Stripe, or none, and we know which. */
async function sameRefunds(db: Database, store: SimulatorStore): Promise<string[]> {
  const rows = await db.query<{ id: string; state: string; amount: string }>(
    `SELECT id, state, amount_minor::text AS amount FROM refund_request`,
    [],
  );
  const made = new Map(
    store.all('refund').map((refund) => [refund.metadata?.refund_request_id, refund] as const),
  );
  return different(
    'refunds',
    rows.map(({ id }) => {
      const refund = made.get(id);
      const isDone =
        refund !== undefined && !['failed', 'canceled'].includes(String(refund.status));
      return `${id} ${isDone ? 'DONE' : 'FAILED'}`;
    }),
    rows.map(({ id, state }) => `${id} ${state}`),
  ).concat(
    rows.flatMap(({ id, amount }) => {
      const refund = made.get(id);
      return refund === undefined || String(refund.amount) === amount
        ? []
        : [`${id} asked for ${amount}, Stripe refunded ${String(refund.amount)}`];
    }),
  );
}

async function sameBalances(
  db: Database,
  paid: readonly Paid[],
  customers: World['customers'],
): Promise<string[]> {
  const rows = await db.query<{ account: string; posted: string; held: string }>(
    `SELECT account_id AS account, posted::text, held::text FROM account_balance WHERE account_id = ANY ($1)`,
    [customers.map(({ accountId }) => accountId)],
  );
  const bought = new Map<string, bigint>();
  for (const { accountId, givenNanos, backNanos } of paid) {
    bought.set(accountId, (bought.get(accountId) ?? 0n) + givenNanos - backNanos);
  }
  const line = (account: string, posted: unknown, held: unknown) =>
    `${account} has ${String(posted)}, ${String(held)} held`;
  return different(
    'balances',
    customers.map(({ accountId, promoNanos, spentNanos }) =>
      line(accountId, (bought.get(accountId) ?? 0n) + promoNanos - spentNanos, 0),
    ),
    rows.map(({ account, posted, held }) => line(account, posted, held)),
  );
}

/** A card that fails switches top-up off the third time in a row. */
async function notTooSoon(db: Database): Promise<string[]> {
  const rows = await db.query<{ account: string; reason: string }>(
    `SELECT account_id AS account, off_reason AS reason FROM top_up_policy
      WHERE off_reason LIKE '% attempts failed%' AND off_reason NOT LIKE '3 %'`,
    [],
  );
  return rows.map(({ account, reason }) => `${account} was switched off: ${reason}`);
}

/** Payments by a saved card, while its owner was away: no page made them. */
function offSession(store: SimulatorStore): Stripe.PaymentIntent[] {
  const onPages = new Set(store.all('checkout.session').map((page) => idOf(page.payment_intent)));
  return intentsOf(store).filter(({ id }) => !onPages.has(id));
}

function intentsOf(store: SimulatorStore): Stripe.PaymentIntent[] {
  return store.all('payment_intent').filter(({ metadata }) => metadata.purchase_id !== undefined);
}

function twice(what: string, ids: readonly (string | null | undefined)[]): string[] {
  const seen = new Set<string>();
  return ids.flatMap((id) => {
    if (id == null) return [];
    if (seen.has(id)) return [`${id} ${what}`];
    seen.add(id);
    return [];
  });
}

function different(name: string, wanted: readonly string[], found: readonly string[]): string[] {
  const [want, have] = [new Set(wanted), new Set(found)];
  return [
    ...wanted.filter((line) => !have.has(line)).map((line) => `${name}: missing: ${line}`),
    ...found.filter((line) => !want.has(line)).map((line) => `${name}: too much: ${line}`),
  ];
}

function idOf(reference: string | { id: string } | null | undefined): string | undefined {
  return typeof reference === 'object' ? reference?.id : reference;
}
