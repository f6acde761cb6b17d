import { apply } from '../../src/credits/ledger.store.js';
import {
  code,
  exactly,
  holdOf,
  isCode,
  same,
  describeGuards,
  type Guard,
} from '../support/guards.js';
import { until } from '../support/process.js';

const GUARDS: readonly Guard[] = [
  {
    guard: 'a hold needs credit that nothing else holds',
    remove: [
      'ledger_hold',
      `WHEN balance_posted - balance_held < c.amount THEN 'INSUFFICIENT'`,
      '',
    ],
    attack: async (ledger) => {
      const account = await ledger.account(10n);
      await ledger.credits.hold(holdOf(account, 6n));
      await expect(ledger.credits.hold(holdOf(account, 6n))).rejects.toMatchObject(
        code('INSUFFICIENT_CREDIT'),
      );
    },
  },
  {
    guard: 'an account’s commands wait for each other',
    remove: ['ledger_apply', 'ORDER BY b.account_id FOR UPDATE', 'ORDER BY b.account_id'],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      let second: Promise<unknown> = Promise.resolve();
      await ledger.db.transaction(async (tx) => {
        await apply(tx, [], [holdOf(account, 60n)]);
        second = ledger.credits.hold(holdOf(account, 60n));
        second.catch(() => undefined);
        await until('the second to wait', async () => {
          const waiting = await ledger.database.query(
            `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
          );
          return waiting.length > 0 ? true : undefined;
        });
      });
      await expect(second).rejects.toMatchObject(code('INSUFFICIENT_CREDIT'));
    },
  },
  {
    guard: 'a run is captured for at most what it holds',
    remove: ['ledger_settle', 'AND (q.charge IS NULL OR q.charge BETWEEN 0 AND h.amount)', ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const { runId, ...rest } = holdOf(account, 10n);
      await ledger.credits.hold({ runId, ...rest });
      await expect(
        ledger.credits.capture({ runId, accountId: account, nanos: 11n, details: {} }),
      ).rejects.toThrow('has no hold of at least 11');
      await exactly(ledger, account, 100n, 10n);
    },
  },
  {
    guard: 'a hold ends once',
    remove: [
      'ledger_settle',
      'DELETE FROM hold h\n       USING',
      'UPDATE hold h SET amount = h.amount FROM',
    ],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const { runId, ...rest } = holdOf(account, 10n);
      await ledger.credits.hold({ runId, ...rest });
      const capture = { runId, accountId: account, nanos: 10n, details: {} };
      await ledger.credits.capture(capture);
      await ledger.credits.capture(capture);
      await exactly(ledger, account, 90n, 0n);
      await ledger.verify();
    },
  },
  {
    guard: 'an idempotency key belongs to one request',
    remove: [
      'ledger_hold',
      `WHEN coalesce(c.done_hash, c.flying_hash, seen_hashes[seen]) <> c.request_hash THEN 'MISMATCH'`,
      '',
    ],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const { runId, ...rest } = holdOf(account, 10n, same(1));
      await ledger.credits.hold({ runId, ...rest });
      await ledger.credits.capture({ runId, accountId: account, nanos: 1n, details: {} });
      await expect(ledger.credits.hold(holdOf(account, 10n, same(2)))).rejects.toMatchObject(
        code('IDEMPOTENCY_MISMATCH'),
      );
    },
  },
  {
    guard: 'a request that was answered does not run again',
    remove: ['ledger_hold', `WHEN c.done_run IS NOT NULL THEN 'DONE'`, ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const { runId, ...rest } = holdOf(account, 10n, same(1));
      await ledger.credits.hold({ runId, ...rest });
      await ledger.credits.capture({ runId, accountId: account, nanos: 1n, details: {} });
      expect(await ledger.credits.hold(holdOf(account, 10n, same(1)))).toEqual({
        doneRunId: runId,
      });
    },
  },
  {
    guard: 'a request that is being answered does not run beside itself',
    remove: [
      'ledger_hold',
      `WHEN c.flying_run IS NOT NULL OR seen IS NOT NULL THEN 'IN_FLIGHT'`,
      '',
    ],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const outcomes = await Promise.allSettled(
        [1, 2].map(() => ledger.credits.hold(holdOf(account, 10n, same(1)))),
      );
      expect(
        outcomes.filter(
          (outcome) =>
            outcome.status === 'rejected' && isCode(outcome.reason, 'IDEMPOTENCY_IN_FLIGHT'),
        ),
      ).toHaveLength(1);
    },
  },
  {
    guard: 'a key spends at most its cap',
    remove: ['ledger_hold', `WHEN used + c.amount > c.spend_cap_nanos THEN 'KEY_CAP'`, ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const keyId = await ledger.key(account, { nanos: 10n, period: 'TOTAL' });
      await ledger.credits.hold(holdOf(account, 6n, { keyId }));
      await expect(ledger.credits.hold(holdOf(account, 6n, { keyId }))).rejects.toMatchObject(
        code('SPEND_CAP_REACHED'),
      );
    },
  },
  {
    guard: 'a key that was rotated shares its cap with its successor',
    remove: ['ledger_hold', 's.lineage_id = k.lineage_id', 's.lineage_id = k.id'],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const keyId = await ledger.key(account, { nanos: 10n, period: 'TOTAL' });
      const successor = await ledger.key(account, { nanos: 10n, period: 'TOTAL' });
      await ledger.database.query('ALTER TABLE api_key DISABLE TRIGGER api_key_lineage_stays');
      await ledger.database.query('UPDATE api_key SET lineage_id = $1 WHERE id = $2', [
        keyId,
        successor,
      ]);
      await ledger.credits.hold(holdOf(account, 6n, { keyId }));
      await expect(
        ledger.credits.hold(holdOf(account, 6n, { keyId: successor })),
      ).rejects.toMatchObject(code('SPEND_CAP_REACHED'));
    },
  },
  {
    guard: 'a revoked key holds nothing, whatever a server still believes',
    remove: ['ledger_hold', 'OR c.revoked_at <= t', ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const keyId = await ledger.key(account);
      await ledger.database.query('UPDATE api_key SET revoked_at = now() WHERE id = $1', [keyId]);
      await expect(ledger.credits.hold(holdOf(account, 6n, { keyId }))).rejects.toMatchObject(
        code('UNAUTHENTICATED'),
      );
    },
  },
  {
    guard: 'a key that has expired holds nothing',
    remove: ['ledger_hold', `WHEN c.key_expires_at <= t THEN 'KEY_EXPIRED'`, ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const keyId = await ledger.key(account);
      await ledger.database.query('UPDATE api_key SET expires_at = now() WHERE id = $1', [keyId]);
      await expect(ledger.credits.hold(holdOf(account, 6n, { keyId }))).rejects.toMatchObject(
        code('UNAUTHENTICATED'),
      );
    },
  },
  {
    guard: 'a closed account holds nothing',
    remove: ['ledger_hold', `WHEN c.account_status <> 'ACTIVE' THEN 'ACCOUNT_CLOSED'`, ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      await ledger.database.query(`UPDATE account SET status = 'CLOSED' WHERE id = $1`, [account]);
      await expect(ledger.credits.hold(holdOf(account, 6n))).rejects.toMatchObject(
        code('FORBIDDEN'),
      );
    },
  },
  {
    guard: 'credit that has expired is not spent, swept or not',
    remove: ['ledger_lost_credit', 'l.remaining > 0 AND l.expires_at <= t', 'false'],
    attack: async (ledger) => {
      const account = await ledger.account();
      const expiresAt = new Date(Date.now() + 86_400_000);
      await ledger.credits.grant({
        accountId: account,
        nanos: 10n,
        reason: 'test',
        actor: 'system',
        expiresAt,
      });
      // A day later.
      await ledger.database.query(
        `UPDATE credit_lot SET expires_at = now() - interval '1 second' WHERE account_id = $1`,
        [account],
      );
      await expect(ledger.credits.hold(holdOf(account, 1n))).rejects.toMatchObject(
        code('INSUFFICIENT_CREDIT'),
      );
    },
  },
];

describeGuards(GUARDS);
