import type { Database, Transaction } from '../platform/database.js';
import type { AccountId, RunId } from '../platform/ids.js';
import type {
  Answer,
  Balance,
  CreditLot,
  HoldCommand,
  HoldStatus,
  LedgerEntry,
  PostCommand,
  SettleCommand,
  SettleStatus,
} from './movement.js';

type Writer = Pick<Transaction, '$queryRaw'>;
type Reader = Pick<Database, 'query'>;

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
  db: Writer,
  settles: readonly SettleCommand[],
  holds: readonly HoldCommand[],
): Promise<Applied> {
  const settlesJson = JSON.stringify(
    settles.map(({ runId, accountId, nanos, details, result }) => ({
      run_id: runId,
      account_id: accountId,
      charge: nanos?.toString(),
      details,
      result,
    })),
  );
  const holdsJson = JSON.stringify(
    holds.map(({ runId, accountId, keyId, nanos, ttlMs, idempotency, details }) => ({
      run_id: runId,
      account_id: accountId,
      key_id: keyId,
      amount: nanos.toString(),
      ttl_ms: ttlMs,
      idempotency_key: idempotency?.key,
      request_hash: idempotency && `\\x${idempotency.requestHash.toString('hex')}`,
      details,
    })),
  );
  const rows = await db.$queryRaw<
    {
      settles_run: boolean;
      n: number;
      status: string;
      run_id: RunId;
      amount: bigint;
      posted: bigint | null;
      held: bigint | null;
    }[]
  >`SELECT * FROM ledger_apply(${settlesJson}::json, ${holdsJson}::json)`;
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

export type PostStatus = 'POSTED' | 'EXISTS' | 'MISMATCH' | 'INSUFFICIENT' | 'NO_ACCOUNT';

/** Locks the account's balance. Runs once for each id: sent again it answers EXISTS. */
export async function post(db: Writer, command: PostCommand): Promise<PostStatus> {
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
  const [row] = await db.$queryRaw<
    { status: PostStatus }[]
  >`SELECT status FROM ledger_post(${json}::json)`;
  return row?.status ?? 'NO_ACCOUNT';
}

/** Ends holds whose time is over, of accounts that nobody works on now. @returns how many */
export async function expireHolds(db: Writer, atMost: number): Promise<number> {
  const [row] = await db.$queryRaw<
    { ended: number | null }[]
  >`SELECT ledger_expire_holds(${atMost}::int) AS ended`;
  return row?.ended ?? 0;
}

/** Books what expired lots have lost. @returns the sum, in nano-USD */
export async function expireCredit(db: Writer, atMost: number): Promise<bigint> {
  const [row] = await db.$queryRaw<
    { lost: bigint }[]
  >`SELECT ledger_expire_credit(${atMost}::int) AS lost`;
  return row?.lost ?? 0n;
}

/** One statement, no lock: what was committed when it began. */
export async function findBalance(db: Reader, accountId: AccountId): Promise<Balance | undefined> {
  const [row] = await db.query<{ posted: string; held: string; lost: string }>(
    `SELECT posted, held, (SELECT coalesce(sum(lost), 0) FROM ledger_lost_credit($1, ledger_now())) AS lost
       FROM account_balance WHERE account_id = $1`,
    [accountId],
  );
  if (row === undefined) return undefined;
  const postedNanos = BigInt(row.posted) - BigInt(row.lost);
  const heldNanos = BigInt(row.held);
  return { postedNanos, heldNanos, availableNanos: postedNanos - heldNanos };
}

/** Lots with credit left that has not expired, in the order in which they are spent. */
export async function listLots(db: Reader, accountId: AccountId): Promise<CreditLot[]> {
  const rows = await db.query<{
    id: string;
    source: CreditLot['source'];
    original: string;
    remaining: string;
    priority: number;
    expires_at: Date | null;
    created_at: Date;
  }>(
    `SELECT * FROM credit_lot
      WHERE account_id = $1 AND remaining > 0 AND (expires_at IS NULL OR expires_at > ledger_now())
      ORDER BY priority, expires_at NULLS LAST, created_at, id`,
    [accountId],
  );
  return rows.map((row) => ({
    id: row.id,
    source: row.source,
    originalNanos: BigInt(row.original),
    remainingNanos: BigInt(row.remaining),
    priority: row.priority,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  }));
}

/** An account's entries, newest first. @param before a version; left out: from the newest on */
export async function listEntries(
  db: Reader,
  accountId: AccountId,
  { first, before }: { first: number; before: bigint | undefined },
): Promise<LedgerEntry[]> {
  const rows = await db.query<{
    transaction_id: string;
    version: string;
    kind: LedgerEntry['kind'];
    amount: string;
    balance_after: string;
    lot_id: string | null;
    reason: string | null;
    created_at: Date;
  }>(
    `SELECT e.transaction_id, e.version, t.kind, e.amount, e.balance_after, e.lot_id, t.reason, t.created_at
       FROM journal_entry e JOIN journal_transaction t ON t.id = e.transaction_id
      WHERE e.ledger_account = $1 AND e.version IS NOT NULL AND e.version < coalesce($2, 9223372036854775807)
      ORDER BY e.version DESC LIMIT $3`,
    [accountId, before ?? null, first],
  );
  return rows.map((row) => ({
    transactionId: row.transaction_id,
    version: BigInt(row.version),
    kind: row.kind,
    nanos: BigInt(row.amount),
    balanceAfterNanos: BigInt(row.balance_after),
    lotId: row.lot_id,
    reason: row.reason,
    createdAt: row.created_at,
  }));
}
