import { ACCOUNT_CHANGED } from '../platform/announcer.js';
import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId, RunId } from '../platform/ids.js';
import { toHoldsJson, toSettlesJson } from './ledger-commands.js';
import type {
  Answer,
  Balance,
  CreditTotals,
  HoldCommand,
  HoldStatus,
  LedgerEntry,
  LedgerPage,
  PostCommand,
  PostStatus,
  SettleCommand,
  SettleStatus,
} from './movement.js';

export interface Applied {
  /** In the order of the commands. */
  readonly settles: readonly Answer<SettleStatus>[];
  readonly holds: readonly Answer<HoldStatus>[];
}

/**
 * Settles and holds, in one commit. Locks the balances of all accounts named, in the order of their ids.
 * Runs once for each run's id: sent again after an unknown outcome, it answers what was done.
 */
export async function apply(
  db: Queryable,
  settles: readonly SettleCommand[],
  holds: readonly HoldCommand[],
): Promise<Applied> {
  const settlesJson = toSettlesJson(settles);
  const holdsJson = toHoldsJson(holds);
  const rows = await db.query<{
    settles_run: boolean;
    n: number;
    status: string;
    run_id: RunId;
    amount: bigint;
    posted: bigint | null;
    held: bigint | null;
  }>('SELECT * FROM ledger_apply($1::json, $2::json)', [settlesJson, holdsJson]);
  const answers = { settles: [] as Answer<SettleStatus>[], holds: [] as Answer<HoldStatus>[] };
  for (const row of rows) {
    const answer = {
      runId: row.run_id,
      nanos: row.amount,
      postedNanos: row.posted ?? 0n,
      heldNanos: row.held ?? 0n,
    };
    if (row.settles_run) {
      answers.settles[row.n - 1] = { ...answer, status: row.status as SettleStatus };
    } else {
      answers.holds[row.n - 1] = { ...answer, status: row.status as HoldStatus };
    }
  }
  return answers;
}

/**
 * Locks the balance of the commands' one account. Holds all of them or none; not to be repeated. Announced with
 * the commit, as `post`.
 */
export async function holdAll(
  db: Queryable,
  commands: readonly HoldCommand[],
): Promise<Omit<Answer<HoldStatus>, 'runId'>> {
  const [first] = commands;
  if (first === undefined) throw new RangeError('There is nothing to hold.');
  const json = JSON.stringify(
    commands.map(({ runId, nanos, details }) => ({
      run_id: runId,
      amount: nanos.toString(),
      details,
    })),
  );
  const [row] = await db.query<{
    status: HoldStatus;
    amount: bigint;
    posted: bigint | null;
    held: bigint | null;
  }>(
    `SELECT h.*, CASE h.status WHEN 'HELD' THEN pg_notify($1, $2)::text END
      FROM ledger_hold_all($3, $4, $5::float8, $6::json) AS h`,
    [ACCOUNT_CHANGED, first.accountId, first.accountId, first.keyId, first.ttlMs, json],
  );
  if (row === undefined) throw new Error('The ledger gave no answer.');
  const { status, amount: nanos, posted, held } = row;
  return { status, nanos, postedNanos: posted ?? 0n, heldNanos: held ?? 0n };
}

/**
 * Locks the account's balance. Runs once for each id: sent again it answers EXISTS. Movements that are no calls
 * are few, so they are announced by the transaction itself, exactly when it commits.
 */
export async function post(db: Queryable, command: PostCommand): Promise<PostStatus> {
  const json = JSON.stringify({
    id: command.id,
    account_id: command.accountId,
    kind: command.kind,
    amount: command.nanos.toString(),
    source: command.source,
    priority: command.priority,
    expires_at: command.expiresAt,
    lot_id: command.lotId,
    reason: command.reason,
    actor: command.actor,
    reverses: command.reverses,
  });
  const [row] = await db.query<{ status: PostStatus }>(
    `SELECT status, CASE status WHEN 'POSTED' THEN pg_notify($1, $2)::text END
      FROM ledger_post($3::json)`,
    [ACCOUNT_CHANGED, command.accountId, json],
  );
  return row?.status ?? 'NO_ACCOUNT';
}

/**
 * What is left of some purchases' credit, given back parts included, and held by no call. A part's id begins
 * with its purchase's.
 */
export async function listSpare(
  db: Queryable,
  accountId: AccountId,
  purchaseIds: readonly string[],
): Promise<Map<string, bigint>> {
  const rows = await db.query<{ id: string; spare: string }>(
    `SELECT p.id, least(b.posted + b.debt - b.held, coalesce(sum(l.remaining), 0)) AS spare
       FROM unnest($2::text[]) AS p(id) JOIN account_balance b ON b.account_id = $1
       LEFT JOIN credit_lot l ON l.account_id = $1 AND (l.id = p.id OR starts_with(l.id, p.id || ':'))
        AND (l.expires_at IS NULL OR l.expires_at > ledger_now())
      GROUP BY p.id, b.posted, b.debt, b.held`,
    [accountId, purchaseIds],
  );
  return new Map(rows.map(({ id, spare }) => [id, BigInt(spare)]));
}

/** The same for one, locking the balance, so that it is still there when the caller takes it. */
export async function lockSpare(
  tx: Transaction,
  accountId: AccountId,
  purchaseId: string,
): Promise<bigint> {
  await tx.query('SELECT FROM account_balance WHERE account_id = $1 FOR UPDATE', [accountId]);
  const spare = await listSpare(tx, accountId, [purchaseId]);
  return spare.get(purchaseId) ?? 0n;
}

/** Ends holds whose time is over, of accounts that nobody works on now. @returns how many */
export async function expireHolds(db: Queryable, atMost: number): Promise<number> {
  const [row] = await db.query<{ ended: number | null }>(
    'SELECT ledger_expire_holds($1::int) AS ended',
    [atMost],
  );
  return row?.ended ?? 0;
}

/** Books what expired lots have lost. @returns the sum, in nano-USD */
export async function expireCredit(db: Queryable, atMost: number): Promise<bigint> {
  const [row] = await db.query<{ lost: bigint }>('SELECT ledger_expire_credit($1::int) AS lost', [
    atMost,
  ]);
  return row?.lost ?? 0n;
}

/** One statement, no lock: what was committed when it began. Accounts that there are not are left out. */
export async function findBalances(
  db: Queryable,
  accountIds: readonly AccountId[],
): Promise<Map<AccountId, Balance>> {
  const rows = await db.query<{
    id: AccountId;
    posted: string;
    held: string;
    debt: string;
    lost: string;
  }>(
    `SELECT b.account_id AS id, b.posted, b.held, b.debt,
            (SELECT coalesce(sum(lost), 0) FROM ledger_lost_credit(b.account_id, ledger_now())) AS lost
       FROM account_balance b WHERE b.account_id = ANY($1)`,
    [accountIds],
  );
  return new Map(
    rows.map(({ id, posted, held, debt, lost }) => {
      const postedNanos = BigInt(posted) - BigInt(lost);
      const heldNanos = BigInt(held);
      const availableNanos = postedNanos - heldNanos;
      return [id, { postedNanos, heldNanos, availableNanos, debtNanos: BigInt(debt) }];
    }),
  );
}

/**
 * What an account was given and bought in all, less what was taken back or has expired. One statement, no lock.
 * Movements that are no usage are few, and have an index of their own.
 */
export async function findTotals(
  db: Queryable,
  accountId: AccountId,
): Promise<CreditTotals | undefined> {
  const [row] = await db.query<{ credited: string; left: string; purchased: boolean }>(
    `SELECT m.credited - l.lost AS credited, b.posted - l.lost AS left, m.purchased
       FROM account_balance b,
            LATERAL (SELECT coalesce(sum(e.amount), 0) AS credited,
                            coalesce(bool_or(t.kind = 'PURCHASE'), false) AS purchased
                       FROM journal_transaction t
                       JOIN journal_entry e ON e.transaction_id = t.id AND e.ledger_account = t.account_id
                      WHERE t.account_id = b.account_id AND t.kind <> 'USAGE') m,
            LATERAL (SELECT coalesce(sum(lost), 0) AS lost FROM ledger_lost_credit($1, ledger_now())) l
      WHERE b.account_id = $1`,
    [accountId],
  );
  if (row === undefined) return undefined;
  const creditedNanos = BigInt(row.credited);
  return {
    creditedNanos,
    usedNanos: creditedNanos - BigInt(row.left),
    hasPurchased: row.purchased,
  };
}

const ENTRIES = `SELECT e.transaction_id, e.version, t.kind, e.amount, e.balance_after, e.lot_id, t.reason, t.created_at
  FROM journal_entry e JOIN journal_transaction t ON t.id = e.transaction_id`;

interface EntryRow {
  readonly transaction_id: string;
  readonly version: string;
  readonly kind: LedgerEntry['kind'];
  readonly amount: string;
  readonly balance_after: string;
  readonly lot_id: string | null;
  readonly reason: string | null;
  readonly created_at: Date;
}

/** An account's entries, newest first. @param before a version; left out: from the newest on */
export async function listEntries(
  db: Queryable,
  accountId: AccountId,
  { first, before, filter: { kinds, from, to } = {} }: LedgerPage,
): Promise<LedgerEntry[]> {
  const values: unknown[] = [accountId, before ?? null, first];
  const where = (value: unknown, condition: (place: string) => string) =>
    value === undefined ? '' : ` AND ${condition(`$${String(values.push(value))}`)}`;
  // Movements that are no usage are few, and have an index of their own.
  const isRare = kinds !== undefined && !kinds.includes('USAGE');
  const conditions =
    where(kinds, (list) => `t.kind = ANY (${list}::"JournalKind"[])`) +
    where(from, (at) => `t.created_at >= ${at}`) +
    where(to, (at) => `t.created_at < ${at}`) +
    (isRare ? ` AND t.account_id = $1 AND t.kind <> 'USAGE'` : '');
  const rows = await db.query<EntryRow>(
    `${ENTRIES}
      WHERE e.ledger_account = $1 AND e.version IS NOT NULL AND e.version < coalesce($2, 9223372036854775807)${conditions}
      ORDER BY e.version DESC LIMIT $3`,
    values,
  );
  return rows.map(toEntry);
}

/** Entries of some transactions on the accounts of customers, in order. */
export async function listEntriesOf(
  db: Queryable,
  transactionIds: readonly string[],
): Promise<LedgerEntry[]> {
  const rows = await db.query<EntryRow>(
    `${ENTRIES}
      WHERE e.transaction_id = ANY ($1::text[]) AND e.version IS NOT NULL ORDER BY e.transaction_id, e.line`,
    [transactionIds],
  );
  return rows.map(toEntry);
}

function toEntry(row: EntryRow): LedgerEntry {
  return {
    transactionId: row.transaction_id,
    version: BigInt(row.version),
    kind: row.kind,
    nanos: BigInt(row.amount),
    balanceAfterNanos: BigInt(row.balance_after),
    lotId: row.lot_id,
    reason: row.reason,
    createdAt: row.created_at,
  };
}

/** Why an account is frozen; undefined when it is not. */
export async function findFrozenReason(
  db: Queryable,
  accountId: AccountId,
): Promise<string | undefined> {
  const [row] = await db.query<{ reason: string | null }>(
    'SELECT frozen_reason AS reason FROM account WHERE id = $1',
    [accountId],
  );
  return row?.reason ?? undefined;
}
