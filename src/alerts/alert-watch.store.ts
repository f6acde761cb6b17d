import type { Queryable, Transaction } from '../platform/database.js';
import type { AccountId } from '../platform/ids.js';
import type { AlertTurn } from './alert-turn.js';
import { type AlertKind, type AlertState, SHARE_UNIT } from './alert-rule.js';

/** A number of our own, for the lock of whoever evaluates. */
const LOCK = 7_250_120;

/**
 * The statement that measures the rules of each kind, of one account ($1) or of all. `over`: it fires. `clear`: it is
 * armed again; between the two it stays as it is, so that a value that trembles about the threshold fires once.
 * `span`: what a firing counts in; in another one the rule is armed. `subject`: what the rule's state is of.
 */
const MEASURES: Readonly<Record<AlertKind, string>> = {
  // Armed again at a tenth above the threshold.
  LOW_BALANCE: `
    SELECT r.id AS rule_id, '' AS subject, NULL::text AS key_id, b.posted AS value, NULL::timestamptz AS span,
           b.posted < r.threshold_nanos AS over, b.posted >= r.threshold_nanos * 1.1 AS clear
      FROM alert_rule r JOIN account_balance b ON b.account_id = r.account_id
     WHERE r.kind = 'LOW_BALANCE' AND r.enabled AND ($1::text IS NULL OR r.account_id = $1)`,
  // As countSpend has left it. Armed again by a new period, or a larger budget.
  SPEND: `
    SELECT r.id AS rule_id, '' AS subject, NULL::text AS key_id, s.value, s.period AS span,
           s.value > r.threshold_nanos AS over, s.value <= r.threshold_nanos AS clear
      FROM alert_rule r JOIN alert_state s ON s.rule_id = r.id
     WHERE r.kind = 'SPEND' AND r.enabled AND ($1::text IS NULL OR r.account_id = $1)`,
  // Armed again below four fifths of the threshold. A call that its caller gave up is neither.
  ERROR_RATE: `
    SELECT r.id AS rule_id, '' AS subject, NULL::text AS key_id, (coalesce(c.share, 0) * ${String(SHARE_UNIT)})::bigint AS value,
           NULL::timestamptz AS span, c.calls >= r.calls_min AND c.share >= r.threshold_share AS over,
           coalesce(c.share, 0) < r.threshold_share * 0.8 AS clear
      FROM alert_rule r CROSS JOIN LATERAL (
        SELECT count(*) AS calls, (count(*) FILTER (WHERE x.outcome <> 'CAPTURED'))::float8 / nullif(count(*), 0) AS share
          FROM run x
         WHERE x.account_id = r.account_id AND x.ended_at > ledger_now_once.now - make_interval(mins => r.window_minutes)
           AND x.details ->> 'errorCode' IS DISTINCT FROM 'CANCELLED') c
     WHERE r.kind = 'ERROR_RATE' AND r.enabled AND ($1::text IS NULL OR r.account_id = $1)`,
  // Of what was spent, not of what is held: holds come and go. Armed again by a new period, or a larger cap. A key that
  // was rotated shares its cap with its successor: both are one subject.
  KEY_NEAR_CAP: `
    SELECT r.id AS rule_id, k.lineage_id AS subject, k.id AS key_id, (u.share * ${String(SHARE_UNIT)})::bigint AS value,
           cap_window_start(k.cap_period, ledger_now_once.now) AS span,
           u.share >= r.threshold_share AS over, u.share < r.threshold_share AS clear
      FROM alert_rule r CROSS JOIN LATERAL (
        SELECT DISTINCT ON (x.lineage_id) x.* FROM api_key x
         WHERE x.account_id = r.account_id AND x.spend_cap_nanos > 0 AND coalesce(x.revoked_at > ledger_now_once.now, true)
           AND (r.key_id IS NULL OR x.lineage_id = (SELECT o.lineage_id FROM api_key o WHERE o.id = r.key_id))
         ORDER BY x.lineage_id, x.created_at DESC, x.id DESC) k
      CROSS JOIN LATERAL (
        SELECT coalesce((SELECT s.spent FROM key_spend s
                          WHERE s.lineage_id = k.lineage_id AND s.cap_window = cap_window_start(k.cap_period, ledger_now_once.now)), 0)
               / k.spend_cap_nanos::float8 AS share) u
     WHERE r.kind = 'KEY_NEAR_CAP' AND r.enabled AND ($1::text IS NULL OR r.account_id = $1)`,
};

const measure = (kind: AlertKind) =>
  MEASURES[kind].replace('FROM alert_rule r', 'FROM ledger_now_once, alert_rule r');

/**
 * Makes whoever comes second leave: one evaluates at a time, so that nobody decides by what was measured before
 * another's decision. Until the transaction ends.
 */
export async function tryLock(tx: Transaction): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>(
    `
    SELECT pg_try_advisory_xact_lock($1::bigint) AS locked`,
    [LOCK],
  );
  return row?.locked === true;
}

/**
 * Counts what was spent since the last time, for accounts with a budget. From the ledger, whose versions have no gaps:
 * what was counted once is not looked at again. A new period begins with the runs since its start.
 */
export async function countSpend(tx: Transaction): Promise<void> {
  await tx.execute(
    `
    INSERT INTO alert_state AS s (rule_id, period, value, version)
      SELECT r.id, p.start, CASE WHEN old.period = p.start THEN old.value + (
               SELECT coalesce(-sum(e.amount), 0) FROM journal_entry e JOIN journal_transaction t ON t.id = e.transaction_id
                WHERE e.ledger_account = r.account_id AND e.version > old.version AND e.version <= b.version
                  AND t.kind = 'USAGE' AND t.created_at >= p.start)
             ELSE (SELECT coalesce(sum(x.charged), 0) FROM run x
                    WHERE x.account_id = r.account_id AND x.ended_at >= p.start) END, b.version
        FROM alert_rule r
        JOIN account_balance b ON b.account_id = r.account_id
       CROSS JOIN LATERAL (SELECT date_trunc(lower(r.period::text), ledger_now(), 'UTC') AS start) p
        LEFT JOIN alert_state old ON old.rule_id = r.id AND old.subject = ''
       WHERE r.kind = 'SPEND' AND r.enabled
         AND (old.rule_id IS NULL OR old.period IS DISTINCT FROM p.start OR old.version < b.version)
    ON CONFLICT (rule_id, subject) DO UPDATE
       SET value = EXCLUDED.value, version = EXCLUDED.version, period = EXCLUDED.period, checked_at = db_now(),
           fired_at = CASE WHEN s.period = EXCLUDED.period THEN s.fired_at END`,
    [],
  );
}

/**
 * Rules of a kind that have to fire, or to be armed again, by their ids. One statement over all accounts. Hardly any
 * is due, which the planner cannot know: with the limit in the same step it would expect to be done soon, and look
 * each balance up by an index. So the limit comes after.
 */
export async function listTurns(
  tx: Transaction,
  kind: AlertKind,
  atMost: number,
): Promise<AlertTurn[]> {
  return tx.query<AlertTurn>(
    `WITH ledger_now_once AS MATERIALIZED (SELECT ledger_now() AS now), m AS (${measure(kind)}), due AS MATERIALIZED (
     SELECT m.rule_id AS "ruleId", m.subject, m.key_id AS "keyId", r.account_id AS "accountId", m.over AS fires,
            coalesce(s.crossings, 0) + CASE WHEN m.over THEN 1 ELSE 0 END AS crossings, m.value,
            r.threshold_nanos AS "thresholdNanos", r.threshold_share AS "thresholdShare", r.period::text,
            r.window_minutes AS "windowMinutes", r.by_mail AS "byMail", r.by_webhook AS "byWebhook", k.name AS "keyName"
       FROM m JOIN alert_rule r ON r.id = m.rule_id
       LEFT JOIN alert_state s ON s.rule_id = m.rule_id AND s.subject = m.subject
       LEFT JOIN api_key k ON k.id = m.key_id
      WHERE CASE WHEN m.over THEN s.fired_at IS NULL OR s.period IS DISTINCT FROM m.span
                 ELSE m.clear AND s.fired_at IS NOT NULL END)
     SELECT * FROM due ORDER BY "ruleId", subject LIMIT $2`,
    [null, atMost],
  );
}

/**
 * From armed to fired, or back.
 * @returns false when somebody else was faster: the crossing is another's
 */
export async function takeTurn(tx: Transaction, turn: AlertTurn): Promise<boolean> {
  const { ruleId, subject, keyId, fires, crossings, value } = turn;
  const before = crossings - (fires ? 1 : 0);
  const changed = await tx.execute(
    `
    INSERT INTO alert_state AS s (rule_id, subject, crossings, fired_at, value, period)
      SELECT r.id, $1, $2::int, CASE WHEN $3 THEN ledger_now() END, $4::bigint,
             CASE WHEN k.id IS NOT NULL THEN cap_window_start(k.cap_period, ledger_now()) END
        FROM alert_rule r LEFT JOIN api_key k ON k.id = $5 WHERE r.id = $6
    ON CONFLICT (rule_id, subject) DO UPDATE
       SET crossings = EXCLUDED.crossings, fired_at = EXCLUDED.fired_at, value = EXCLUDED.value, checked_at = db_now(),
           period = coalesce(EXCLUDED.period, s.period)
     WHERE s.crossings = $7::int`,
    [subject, crossings, fires, value, keyId, ruleId, before],
  );
  return changed === 1;
}

/** Where an account's rules stand, as measured now. */
export async function listStates(db: Queryable, accountId: AccountId): Promise<AlertState[]> {
  const all = Object.keys(MEASURES).map((kind) => `(${measure(kind as AlertKind)})`);
  const rows = await db.query<Omit<AlertState, 'value'> & { value: string }>(
    `WITH ledger_now_once AS MATERIALIZED (SELECT ledger_now() AS now), m AS (${all.join(' UNION ALL ')})
     SELECT m.rule_id AS "ruleId", m.key_id AS "keyId",
            CASE WHEN s.period IS NOT DISTINCT FROM m.span THEN s.fired_at END AS "firedAt",
            coalesce(s.crossings, 0) AS crossings, m.value
       FROM m LEFT JOIN alert_state s ON s.rule_id = m.rule_id AND s.subject = m.subject
      ORDER BY m.rule_id, m.subject`,
    [accountId],
  );
  return rows.map((row) => ({ ...row, value: BigInt(row.value) }));
}
