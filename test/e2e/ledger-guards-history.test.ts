import { newId } from '../../src/platform/ids.js';
import { code, exactly, holdOf, insertRun, describeGuards, type Guard } from '../support/guards.js';

const GUARDS: readonly Guard[] = [
  {
    guard: 'no balance is less than what it holds, whoever writes it',
    remove: 'ALTER TABLE account_balance DROP CONSTRAINT balance_is_not_overspent',
    attack: async (ledger) => {
      const account = await ledger.account(10n);
      await expect(
        ledger.database.query('UPDATE account_balance SET held = 11 WHERE account_id = $1', [
          account,
        ]),
      ).rejects.toThrow('balance_is_not_overspent');
    },
  },
  {
    guard: 'what was charged is within its hold, whoever writes it',
    remove: 'ALTER TABLE run DROP CONSTRAINT run_charge_is_within_hold',
    attack: async (ledger) => {
      const account = await ledger.account(1n);
      await expect(insertRun(ledger, account, { charged: 2, held: 1 })).rejects.toThrow(
        'run_charge_is_within_hold',
      );
    },
  },
  {
    guard: 'one captured run for each idempotency key, whoever writes it',
    remove: 'DROP INDEX run_idempotency_key_idx',
    attack: async (ledger) => {
      const account = await ledger.account(1n);
      await insertRun(ledger, account, { charged: 0, held: 1, key: 'same' });
      await expect(
        insertRun(ledger, account, { charged: 0, held: 1, key: 'same' }),
      ).rejects.toThrow('run_idempotency_key_idx');
    },
  },
  {
    guard: 'one open hold for each idempotency key, whoever writes it',
    remove: 'DROP INDEX hold_account_id_idempotency_key_key',
    attack: async (ledger) => {
      const account = await ledger.account(1n);
      const insert = () =>
        ledger.database.query(
          `INSERT INTO hold (id, account_id, amount, idempotency_key, request_hash, details, created_at, expires_at)
           VALUES ($1, $2, 0, 'same', '\\x00', '{}', now(), now())`,
          [newId('run'), account],
        );
      await insert();
      await expect(insert()).rejects.toThrow('hold_account_id_idempotency_key_key');
    },
  },
  {
    guard: 'the sweeper ends only what is over',
    remove: ['ledger_expire_holds', 'AND h.expires_at <= t', ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      await ledger.credits.hold(holdOf(account, 10n));
      await ledger.credits.hold(holdOf(account, 20n, { ttlMs: 0 }));
      await ledger.credits.sweep();
      await exactly(ledger, account, 100n, 10n);
    },
  },
  {
    guard: 'a late capture takes only what is there',
    remove: ['ledger_settle_ended', ' OR charge > b.posted - b.held', ''],
    attack: async (ledger) => {
      const account = await ledger.account(100n);
      const { runId, ...rest } = holdOf(account, 100n, { ttlMs: 0 });
      await ledger.credits.hold({ runId, ...rest });
      await ledger.credits.sweep();
      await ledger.credits.hold(holdOf(account, 60n));
      await expect(
        ledger.credits.capture({ runId, accountId: account, nanos: 60n, details: {} }),
      ).rejects.toMatchObject(code('CONFLICT'));
    },
  },
  {
    guard: 'a grant is given once',
    remove: ['ledger_post', 'IF before IS NOT NULL THEN', 'IF false THEN'],
    attack: async (ledger) => {
      const account = await ledger.account();
      const id = `grant:${account}`;
      const grant = { id, accountId: account, nanos: 5n, reason: 'test', actor: 'system' };
      await ledger.credits.grant(grant);
      await ledger.credits.grant(grant);
      await exactly(ledger, account, 5n, 0n);
    },
  },
  {
    guard: 'a correction takes only what is there',
    remove: [
      'ledger_post',
      `IF rest > spare AND c.kind NOT IN ('REFUND', 'DISPUTE') THEN`,
      'IF false THEN',
    ],
    attack: async (ledger) => {
      const account = await ledger.account(5n);
      await expect(
        ledger.credits.adjust({ accountId: account, nanos: -6n, reason: 'test', actor: 'system' }),
      ).rejects.toMatchObject(code('INSUFFICIENT_CREDIT'));
    },
  },
  {
    guard: 'the entries of a transaction add up to zero',
    remove: 'DROP TRIGGER journal_entry_balances ON journal_entry',
    attack: async (ledger) => {
      const account = await ledger.account(5n);
      await expect(
        ledger.database.query(
          `INSERT INTO journal_entry (transaction_id, line, ledger_account, amount) VALUES ('x', 1, 'system:stripe', $1)`,
          [account.length],
        ),
      ).rejects.toThrow('do not add up to zero');
    },
  },
  ...(
    [
      ['journal_entry_is_append_only', 'journal_entry', 'UPDATE journal_entry SET amount = 7'],
      ['journal_entry_is_not_truncated', 'journal_entry', 'TRUNCATE journal_entry'],
      [
        'journal_transaction_is_append_only',
        'journal_transaction',
        'DELETE FROM journal_transaction',
      ],
      ['run_is_append_only', 'run', 'UPDATE run SET charged = 0'],
      ['run_is_not_deleted', 'run', 'DELETE FROM run'],
    ] as const
  ).map(([trigger, table, statement]): Guard => ({
    guard: `history is not changed: ${trigger}`,
    remove: `DROP TRIGGER ${trigger} ON ${table}`,
    attack: async (ledger) => {
      const account = await ledger.account(5n);
      await insertRun(ledger, account, { charged: 0, held: 1 });
      await expect(ledger.database.query(statement)).rejects.toThrow('append-only');
    },
  })),
];

describeGuards(GUARDS);
