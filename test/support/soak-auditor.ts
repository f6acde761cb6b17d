import type { Database } from '../../src/platform/database.js';
import type { SoakCaller } from './soak-calls.js';
import type { SoakBatches } from './soak-owners.js';

/**
 * Compares what callers saw with what the ledger says, by rules of its own: a unit is paid for once by each account,
 * each key has one effect, and nobody is charged for what was not answered.
 * @returns facts that are not as they should be, in words; empty when all is well
 */
export async function auditCaller(
  db: Database,
  { accountId, calls, model }: SoakCaller,
  creditNanos: bigint,
): Promise<string[]> {
  const rows = await db.query<{ key: string; charged: string }>(
    `SELECT idempotency_key AS key, charged::text FROM run WHERE account_id = $1 AND outcome = 'CAPTURED'`,
    [accountId],
  );
  const charged = new Map(rows.map((row) => [row.key, BigInt(row.charged)]));
  const sum = [...charged.values()].reduce((total, nanos) => total + nanos, 0n);
  return [
    ...(charged.size === rows.length ? [] : [`${accountId}: a key was charged twice`]),
    ...calls.flatMap(({ key, chargedNanos }) =>
      charged.get(key) === chargedNanos
        ? []
        : [
            `${accountId}: ${key} said ${String(chargedNanos)}, charged ${String(charged.get(key))}`,
          ],
    ),
    ...(rows.length === calls.length
      ? []
      : [`${accountId}: ${String(rows.length)} runs charged, ${String(calls.length)} answered`]),
    ...(sum === model.paidNanos
      ? []
      : [`${accountId}: charged ${String(sum)}, its units cost ${String(model.paidNanos)}`]),
    ...(await auditBalance(db, accountId, creditNanos - model.paidNanos)),
  ];
}

export async function auditBatches(
  db: Database,
  { accountId, batches, chargedNanos }: SoakBatches,
  creditNanos: bigint,
): Promise<string[]> {
  return [
    ...batches.flatMap(({ id, lines, answered, failed }) =>
      lines === answered + failed
        ? []
        : [`${id}: ${String(lines)} lines, ${String(answered)} answered, ${String(failed)} failed`],
    ),
    ...(await auditBalance(db, accountId, creditNanos - chargedNanos)),
  ];
}

async function auditBalance(db: Database, accountId: string, nanos: bigint): Promise<string[]> {
  const [row] = await db.query<{ posted: string; held: string }>(
    'SELECT posted::text, held::text FROM account_balance WHERE account_id = $1',
    [accountId],
  );
  return row?.posted === nanos.toString() && row.held === '0'
    ? []
    : [`${accountId} has ${JSON.stringify(row)}, should have ${String(nanos)}`];
}
