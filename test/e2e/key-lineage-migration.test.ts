import { LEDGER_CHECKS } from '../../src/credits/index.js';
import { runChecks } from '../../src/platform/checks.js';
import { startBefore } from '../support/earlier-schema.js';

test('keys that were rotated before become one lineage, and what all of them spent counts', async () => {
  const before = await startBefore('20261130200000_key_lineage');
  try {
    await before.sql(`
      INSERT INTO account (id, kind, name) VALUES ('acct_1', 'PERSONAL', 'test');
      INSERT INTO api_key (id, account_id, name, hash, prefix, last_four, spend_cap_nanos, cap_period, replaced_by_id,
                           created_at)
        SELECT id, 'acct_1', 'k', sha256(id::bytea), 'gr-', 'abcd', cap, period::"CapPeriod", next, now() - ago * interval '1 hour'
          FROM (VALUES ('key_a', 10, 'MONTH', 'key_b', 3), ('key_b', 10, 'DAY', 'key_c', 2),
                       ('key_c', 20, 'TOTAL', NULL, 1), ('key_alone', 5, 'MONTH', NULL, 1)) AS k(id, cap, period, next, ago);
      INSERT INTO credit_lot (id, account_id, source, original, remaining)
        VALUES ('lot', 'acct_1', 'GRANT', 100, 90);
      INSERT INTO run (id, account_id, key_id, outcome, held, charged, details, started_at, ended_at)
        SELECT 'run_' || key_id, 'acct_1', key_id, 'CAPTURED', charged, charged, '{}', now(), now()
          FROM (VALUES ('key_a', 4), ('key_b', 3), ('key_c', 2), ('key_alone', 1)) AS r(key_id, charged);
      INSERT INTO hold (id, account_id, key_id, amount, cap_window, details, created_at, expires_at)
        VALUES ('run_held', 'acct_1', 'key_c', 5, to_timestamp(0), '{}', now(), now() + interval '1 hour');
      INSERT INTO key_spend (key_id, cap_window, spent, held)
        SELECT key_id, cap_window_start(period::"CapPeriod", now()), spent, held
          FROM (VALUES ('key_a', 'MONTH', 4, 0), ('key_b', 'DAY', 3, 0), ('key_c', 'TOTAL', 2, 5),
                       ('key_alone', 'MONTH', 1, 0)) AS s(key_id, period, spent, held);
      INSERT INTO alert_rule (id, account_id, kind, threshold_share) VALUES ('alr_near', 'acct_1', 'KEY_NEAR_CAP', 0.5);
      INSERT INTO alert_state (rule_id, subject, crossings) VALUES ('alr_near', 'key_a', 1), ('alr_near', 'key_c', 2);`);
    await before.migrate();
    expect(
      await before.sql(
        `SELECT id, lineage_id, spend_cap_nanos::int AS cap, cap_period FROM api_key ORDER BY id`,
      ),
    ).toEqual([
      { id: 'key_a', lineage_id: 'key_a', cap: 20, cap_period: 'TOTAL' },
      { id: 'key_alone', lineage_id: 'key_alone', cap: 5, cap_period: 'MONTH' },
      { id: 'key_b', lineage_id: 'key_a', cap: 20, cap_period: 'TOTAL' },
      { id: 'key_c', lineage_id: 'key_a', cap: 20, cap_period: 'TOTAL' },
    ]);
    expect(
      await before.sql(
        `SELECT lineage_id, spent::int, held::int FROM key_spend ORDER BY lineage_id`,
      ),
    ).toEqual([
      { lineage_id: 'key_a', spent: 9, held: 5 },
      { lineage_id: 'key_alone', spent: 1, held: 0 },
    ]);
    expect(
      await before.sql(
        `SELECT subject, crossings FROM alert_state WHERE rule_id = 'alr_near' ORDER BY 1`,
      ),
    ).toEqual([{ subject: 'key_a', crossings: 2 }]);
    const caps = LEDGER_CHECKS.filter(([name]) => name === 'caps');
    expect((await runChecks(before.database, caps)).map(({ broken }) => broken)).toEqual([0n, 0n]);
  } finally {
    await before.stop();
  }
});
