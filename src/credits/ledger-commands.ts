import type { HoldCommand, SettleCommand } from './movement.js';

/** As `ledger_apply` reads settles. */
export function toSettlesJson(settles: readonly SettleCommand[]): string {
  return JSON.stringify(
    settles.map(({ runId, accountId, nanos, details, result, pays, paysMs }) => ({
      run_id: runId,
      account_id: accountId,
      charge: nanos?.toString(),
      details,
      result,
      // Left out where there are none: the ledger takes a shorter way then.
      ...(pays === undefined || pays.length === 0 ? {} : { pays, pays_ms: paysMs }),
    })),
  );
}

/** As `ledger_apply` reads holds. */
export function toHoldsJson(holds: readonly HoldCommand[]): string {
  return JSON.stringify(
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
}
