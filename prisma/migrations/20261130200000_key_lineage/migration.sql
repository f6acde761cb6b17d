-- A cap belongs to a key and to all that it was rotated to and from, its lineage: they share it, and what is spent of
-- it. Rotating a key gave it a cap that was not spent.

-- AlterTable
ALTER TABLE "api_key" ADD COLUMN "lineage_id" TEXT;

-- What Prisma's schema cannot say.

WITH RECURSIVE chain AS (
  SELECT k.id, k.id AS lineage_id, k.replaced_by_id FROM api_key k
   WHERE NOT EXISTS (SELECT FROM api_key o WHERE o.replaced_by_id = k.id)
  UNION ALL
  SELECT k.id, c.lineage_id, k.replaced_by_id FROM chain c JOIN api_key k ON k.id = c.replaced_by_id
)
UPDATE api_key k SET lineage_id = c.lineage_id FROM chain c WHERE c.id = k.id;

-- AlterTable
ALTER TABLE "api_key" ALTER COLUMN "lineage_id" SET NOT NULL;

-- CreateIndex
CREATE INDEX "api_key_lineage_id_idx" ON "api_key"("lineage_id");

-- A key that replaces none begins a lineage of its own, and stays in the one that it has.
CREATE FUNCTION "begin_key_lineage"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.lineage_id := coalesce(NEW.lineage_id, NEW.id);
  RETURN NEW;
END
$$;
CREATE TRIGGER "api_key_has_lineage"
  BEFORE INSERT ON "api_key"
  FOR EACH ROW EXECUTE FUNCTION "begin_key_lineage"();
CREATE TRIGGER "api_key_lineage_stays"
  BEFORE UPDATE ON "api_key"
  FOR EACH ROW WHEN ((OLD.lineage_id, OLD.account_id) IS DISTINCT FROM (NEW.lineage_id, NEW.account_id))
  EXECUTE FUNCTION "refuse_change"();

-- AlterTable
ALTER TABLE "key_spend" RENAME COLUMN "key_id" TO "lineage_id";

-- What the keys of a lineage have spent is added up, and the cap of its newest key is that of all.
UPDATE "api_key" k SET "spend_cap_nanos" = n.spend_cap_nanos, "cap_period" = n.cap_period
  FROM (SELECT DISTINCT ON (x.lineage_id) x.* FROM api_key x ORDER BY x.lineage_id, x.created_at DESC, x.id DESC) n
 WHERE n.lineage_id = k.lineage_id
   AND (n.spend_cap_nanos, n.cap_period) IS DISTINCT FROM (k.spend_cap_nanos, k.cap_period);
UPDATE "hold" h SET "cap_window" = CASE WHEN k.spend_cap_nanos IS NOT NULL THEN cap_window_start(k.cap_period, h.created_at) END
  FROM api_key k
 WHERE k.id = h.key_id AND EXISTS (SELECT FROM api_key o WHERE o.lineage_id = k.lineage_id AND o.id <> k.id);
DELETE FROM "key_spend" s USING "api_key" k
 WHERE k.id = s.lineage_id AND EXISTS (SELECT FROM api_key o WHERE o.lineage_id = k.lineage_id AND o.id <> k.id);
INSERT INTO "key_spend" ("lineage_id", "cap_window", "spent", "held")
  SELECT u.lineage_id, u.cap_window, sum(u.spent), sum(u.held)
    FROM (SELECT k.lineage_id, cap_window_start(k.cap_period, r.started_at) AS cap_window, r.charged AS spent, 0 AS held
            FROM run r JOIN api_key k ON k.id = r.key_id WHERE r.charged > 0 AND k.spend_cap_nanos IS NOT NULL
          UNION ALL
          SELECT k.lineage_id, h.cap_window, 0, h.amount
            FROM hold h JOIN api_key k ON k.id = h.key_id WHERE h.cap_window IS NOT NULL) u
   WHERE EXISTS (SELECT FROM api_key o WHERE o.lineage_id = u.lineage_id AND o.id <> u.lineage_id)
   GROUP BY 1, 2;

-- An alert for a key near its cap is one for its lineage.
DELETE FROM "alert_state" s USING "api_key" k
 WHERE k.id = s.subject AND k.lineage_id <> k.id AND k.replaced_by_id IS NOT NULL;
DELETE FROM "alert_state" s USING "api_key" k, "alert_state" newer, "api_key" n
 WHERE k.id = s.subject AND newer.rule_id = s.rule_id AND n.id = newer.subject
   AND n.lineage_id = k.lineage_id AND n.id <> k.id AND n.replaced_by_id IS NULL;
UPDATE "alert_state" s SET "subject" = k.lineage_id FROM "api_key" k WHERE k.id = s.subject AND k.lineage_id <> k.id;

-- ── the ledger's functions: as they were, but for the lineage ────────────────────────────────────────

CREATE OR REPLACE FUNCTION "ledger_hold"("commands" json, "t" timestamptz)
RETURNS TABLE ("n" int, "status" text, "run_id" text, "amount" bigint, "posted" bigint, "held" bigint)
LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  c record;
  account text;
  balance_posted bigint;
  balance_held bigint;
  accounts text[] := '{}';
  accounts_held bigint[] := '{}';
  seen_keys text[];
  seen_hashes bytea[];
  seen_runs text[];
  seen int;
  at int;
  answer text;
  answer_run text;
  accepted boolean[] := '{}';
  capped_lineages text[] := '{}';
  capped_used bigint[] := '{}';
  spend_lineage text[] := '{}';
  spend_window timestamptz[] := '{}';
  spend_amount bigint[] := '{}';
  windows timestamptz[] := '{}';
  used bigint;
BEGIN
  FOR c IN
    SELECT q.n::int, q.run_id, q.account_id, q.key_id, q.amount, q.idempotency_key, q.request_hash,
           b.posted, b.held, a.status AS account_status,
           k.account_id AS key_account, k.lineage_id, k.revoked_at, k.expires_at AS key_expires_at, k.spend_cap_nanos,
           cap_window_start(k.cap_period, t) AS cap_window,
           (SELECT s.spent + s.held FROM key_spend s
             WHERE s.lineage_id = k.lineage_id AND s.cap_window = cap_window_start(k.cap_period, t)) AS key_used,
           own.id AS open_run, ended.id AS ended_run,
           flying.id AS flying_run, flying.request_hash AS flying_hash,
           done.id AS done_run, done.request_hash AS done_hash
      FROM ROWS FROM (json_to_recordset(commands) AS (
             run_id text, account_id text, key_id text, amount bigint, idempotency_key text, request_hash bytea
           )) WITH ORDINALITY AS q(run_id, account_id, key_id, amount, idempotency_key, request_hash, n)
      LEFT JOIN account_balance b ON b.account_id = q.account_id
      LEFT JOIN account a ON a.id = q.account_id
      LEFT JOIN api_key k ON k.id = q.key_id
      LEFT JOIN hold own ON own.id = q.run_id
      LEFT JOIN run ended ON ended.id = q.run_id
      LEFT JOIN LATERAL (SELECT h.id, h.request_hash FROM hold h
        WHERE h.account_id = q.account_id AND h.idempotency_key = q.idempotency_key LIMIT 1) flying ON true
      LEFT JOIN LATERAL (SELECT r.id, r.request_hash FROM run r
        WHERE r.account_id = q.account_id AND r.idempotency_key = q.idempotency_key
          AND r.outcome = 'CAPTURED' LIMIT 1) done ON true
     ORDER BY q.account_id, q.n
  LOOP
    IF c.account_id IS DISTINCT FROM account THEN
      account := c.account_id;
      balance_posted := c.posted;
      balance_held := c.held;
      accounts := accounts || account;
      accounts_held := accounts_held || 0::bigint;
      seen_keys := '{}';
      seen_hashes := '{}';
      seen_runs := '{}';
    END IF;
    seen := array_position(seen_keys, c.idempotency_key);
    at := NULL;
    IF c.spend_cap_nanos IS NOT NULL THEN
      at := array_position(capped_lineages, c.lineage_id);
      used := coalesce(capped_used[at], c.key_used, 0);
    END IF;
    answer_run := c.run_id;
    answer := CASE
      WHEN c.open_run IS NOT NULL THEN 'HELD'
      WHEN c.ended_run IS NOT NULL THEN 'ENDED'
      WHEN c.posted IS NULL THEN 'NO_ACCOUNT'
      WHEN c.account_status <> 'ACTIVE' THEN 'ACCOUNT_CLOSED'
      WHEN c.key_id IS NOT NULL AND (c.key_account IS DISTINCT FROM c.account_id OR c.revoked_at <= t) THEN 'KEY_REVOKED'
      WHEN c.key_expires_at <= t THEN 'KEY_EXPIRED'
      WHEN coalesce(c.done_hash, c.flying_hash, seen_hashes[seen]) <> c.request_hash THEN 'MISMATCH'
      WHEN c.done_run IS NOT NULL THEN 'DONE'
      WHEN c.flying_run IS NOT NULL OR seen IS NOT NULL THEN 'IN_FLIGHT'
      WHEN used + c.amount > c.spend_cap_nanos THEN 'KEY_CAP'
      WHEN balance_posted - balance_held < c.amount THEN 'INSUFFICIENT'
    END;
    IF answer = 'DONE' THEN
      answer_run := c.done_run;
    ELSIF answer = 'IN_FLIGHT' THEN
      answer_run := coalesce(c.flying_run, seen_runs[seen]);
    ELSIF answer IS NULL THEN
      answer := 'HELD';
      accepted[c.n] := true;
      balance_held := balance_held + c.amount;
      accounts_held[cardinality(accounts)] := accounts_held[cardinality(accounts)] + c.amount;
      IF c.idempotency_key IS NOT NULL THEN
        seen_keys := seen_keys || c.idempotency_key;
        seen_hashes := seen_hashes || c.request_hash;
        seen_runs := seen_runs || c.run_id;
      END IF;
      IF c.spend_cap_nanos IS NOT NULL THEN
        IF at IS NULL THEN
          capped_lineages := capped_lineages || c.lineage_id;
          at := cardinality(capped_lineages);
        END IF;
        capped_used[at] := used + c.amount;
        windows[c.n] := c.cap_window;
        spend_lineage := spend_lineage || c.lineage_id;
        spend_window := spend_window || c.cap_window;
        spend_amount := spend_amount || c.amount;
      END IF;
    END IF;
    n := c.n;
    status := answer;
    run_id := answer_run;
    amount := c.amount;
    posted := balance_posted;
    held := balance_held;
    RETURN NEXT;
  END LOOP;

  IF cardinality(accepted) > 0 THEN
    INSERT INTO hold (id, account_id, key_id, amount, cap_window, idempotency_key, request_hash, details, created_at, expires_at)
      SELECT q.run_id, q.account_id, q.key_id, q.amount, windows[q.n], q.idempotency_key, q.request_hash,
             q.details, t, t + make_interval(secs => q.ttl_ms / 1000.0)
        FROM ROWS FROM (json_to_recordset(commands) AS (
               run_id text, account_id text, key_id text, amount bigint, idempotency_key text,
               request_hash bytea, details jsonb, ttl_ms float8
             )) WITH ORDINALITY AS q(run_id, account_id, key_id, amount, idempotency_key, request_hash, details, ttl_ms, n)
       WHERE accepted[q.n];
    UPDATE account_balance b SET held = b.held + u.held
      FROM unnest(accounts, accounts_held) AS u(account_id, held)
     WHERE b.account_id = u.account_id AND u.held <> 0;
  END IF;
  IF cardinality(spend_lineage) > 0 THEN
    INSERT INTO key_spend AS s (lineage_id, cap_window, held)
      SELECT u.lineage_id, u.cap_window, sum(u.amount)
        FROM unnest(spend_lineage, spend_window, spend_amount) AS u(lineage_id, cap_window, amount)
       GROUP BY 1, 2
    ON CONFLICT (lineage_id, cap_window) DO UPDATE SET held = s.held + EXCLUDED.held;
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION "ledger_settle_ended"("run" text, "account" text, "charge" bigint, "details" jsonb, "result" jsonb, "t" timestamptz)
RETURNS TABLE ("status" text, "amount" bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  b account_balance;
  r run;
  k api_key;
  spend_window timestamptz;
  lot record;
  rest bigint := charge;
  part bigint;
  lines int := 0;
  line_amount bigint[] := '{}';
  line_lot text[] := '{}';
BEGIN
  SELECT * INTO r FROM run x WHERE x.id = run AND x.account_id = account;
  SELECT * INTO b FROM account_balance x WHERE x.account_id = account;
  SELECT * INTO k FROM api_key x WHERE x.id = r.key_id;
  spend_window := cap_window_start(k.cap_period, r.started_at);
  amount := 0;
  status := CASE
    WHEN r.id IS NULL THEN 'NO_HOLD'
    WHEN r.outcome = 'CAPTURED' AND charge IS NULL THEN 'CAPTURED'
    WHEN r.outcome = 'CAPTURED' OR charge IS NULL THEN 'DONE'
    WHEN r.outcome = 'VOIDED' THEN 'VOIDED'
    WHEN charge NOT BETWEEN 0 AND r.held OR charge > b.posted - b.held THEN 'HOLD_EXPIRED'
    WHEN charge + coalesce((SELECT s.spent + s.held FROM key_spend s
                             WHERE s.lineage_id = k.lineage_id AND s.cap_window = spend_window), 0) > k.spend_cap_nanos
      THEN 'HOLD_EXPIRED'
    WHEN EXISTS (SELECT FROM hold x WHERE x.account_id = account AND x.idempotency_key = r.idempotency_key)
      OR EXISTS (SELECT FROM run x WHERE x.account_id = account AND x.idempotency_key = r.idempotency_key
                    AND x.outcome = 'CAPTURED') THEN 'HOLD_EXPIRED'
    ELSE 'LATE' END;
  IF status = 'DONE' THEN
    amount := r.charged;
  END IF;
  IF status <> 'LATE' THEN
    RETURN NEXT;
    RETURN;
  END IF;

  FOR lot IN
    SELECT l.id, l.remaining FROM credit_lot l
     WHERE l.account_id = account AND l.remaining > 0 AND (l.expires_at IS NULL OR l.expires_at > t)
     ORDER BY l.priority, l.expires_at NULLS LAST, l.created_at, l.id
  LOOP
    EXIT WHEN rest = 0;
    part := least(lot.remaining, rest);
    UPDATE credit_lot SET remaining = remaining - part WHERE id = lot.id;
    line_amount := line_amount || -part;
    line_lot := line_lot || lot.id;
    rest := rest - part;
  END LOOP;
  UPDATE run x SET outcome = 'CAPTURED', charged = charge, result = ledger_settle_ended.result, ended_at = t,
                   details = x.details || coalesce(ledger_settle_ended.details, '{}') || '{"late": true}'
   WHERE x.id = run;
  lines := cardinality(line_amount);
  IF charge > 0 THEN
    INSERT INTO journal_transaction (id, account_id, kind, created_at) VALUES (run, account, 'USAGE', t);
    INSERT INTO journal_entry (transaction_id, line, ledger_account, amount, lot_id, balance_after, version)
      SELECT run, u.line, account, u.amount, u.lot, b.posted + sum(u.amount) OVER (ORDER BY u.line), b.version + u.line
        FROM unnest(line_amount, line_lot) WITH ORDINALITY AS u(amount, lot, line)
      UNION ALL
      SELECT run, lines + 1, 'system:revenue', charge, NULL, NULL, NULL;
    INSERT INTO outbox_message (id, kind, account_id, payload, created_at)
      VALUES ('usage:' || run, 'usage', account, jsonb_build_object('runId', run, 'nanos', charge::text), t);
    UPDATE account_balance x SET posted = b.posted - charge, version = b.version + lines WHERE x.account_id = account;
    IF k.spend_cap_nanos IS NOT NULL THEN
      INSERT INTO key_spend AS s (lineage_id, cap_window, spent) VALUES (k.lineage_id, spend_window, charge)
        ON CONFLICT (lineage_id, cap_window) DO UPDATE SET spent = s.spent + EXCLUDED.spent;
    END IF;
  END IF;
  status := 'CAPTURED';
  amount := charge;
  RETURN NEXT;
END
$$;

CREATE OR REPLACE FUNCTION "ledger_settle"("commands" json, "t" timestamptz)
RETURNS TABLE ("n" int, "status" text, "run_id" text, "amount" bigint, "posted" bigint, "held" bigint)
LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  c record;
  account text;
  b account_balance;
  lots text[];
  lots_left bigint[];
  lots_end timestamptz[];
  lots_drawn boolean[];
  at int;
  rest bigint;
  part bigint;
  line int;
  settled boolean[] := '{}';
  balances account_balance[] := '{}';
  drawn_lot text[] := '{}';
  drawn_left bigint[] := '{}';
  run_held bigint[] := '{}';
  run_key text[] := '{}';
  run_idempotency text[] := '{}';
  run_hash bytea[] := '{}';
  run_details jsonb[] := '{}';
  run_started timestamptz[] := '{}';
  charged_run text[] := '{}';
  charged_account text[] := '{}';
  charged_amount bigint[] := '{}';
  entry_run text[] := '{}';
  entry_line int[] := '{}';
  entry_account text[] := '{}';
  entry_amount bigint[] := '{}';
  entry_lot text[] := '{}';
  entry_balance bigint[] := '{}';
  entry_version bigint[] := '{}';
  spend_key text[] := '{}';
  spend_window timestamptz[] := '{}';
  spend_held bigint[] := '{}';
  spend_charge bigint[] := '{}';
BEGIN
  FOR c IN
    WITH gone AS (
      DELETE FROM hold h
       USING ROWS FROM (json_to_recordset(commands) AS (run_id text, account_id text, charge bigint))
             WITH ORDINALITY AS q(run_id, account_id, charge, n)
       -- IS TRUE: found by its id, never by way of all holds of the account.
       WHERE h.id = q.run_id AND (h.account_id = q.account_id) IS TRUE AND (q.charge IS NULL OR q.charge BETWEEN 0 AND h.amount)
      RETURNING q.n::int AS n, q.charge, h.*
    )
    SELECT * FROM gone ORDER BY account_id, n
  LOOP
    IF c.account_id IS DISTINCT FROM account THEN
      IF account IS NOT NULL THEN
        balances := balances || b;
        FOR at IN 1 .. coalesce(cardinality(lots), 0) LOOP
          IF lots_drawn[at] THEN
            drawn_lot := drawn_lot || lots[at];
            drawn_left := drawn_left || lots_left[at];
          END IF;
        END LOOP;
      END IF;
      account := c.account_id;
      SELECT * INTO b FROM account_balance WHERE account_id = account;
      -- Expired ones first: only holds from before may draw on them, and nobody after them.
      SELECT array_agg(l.id ORDER BY l.rank), array_agg(l.remaining ORDER BY l.rank),
             array_agg(l.expires_at ORDER BY l.rank), array_agg(false)
        INTO lots, lots_left, lots_end, lots_drawn
        FROM (SELECT x.id, x.remaining, x.expires_at, row_number() OVER (
                ORDER BY coalesce(x.expires_at <= t, false) DESC, CASE WHEN x.expires_at <= t THEN x.expires_at END,
                         x.priority, x.expires_at NULLS LAST, x.created_at, x.id) AS rank
                FROM credit_lot x WHERE x.account_id = account AND x.remaining > 0) l;
    END IF;

    settled[c.n] := true;
    b.held := b.held - c.amount;
    run_held[c.n] := c.amount;
    run_key[c.n] := c.key_id;
    run_idempotency[c.n] := c.idempotency_key;
    run_hash[c.n] := c.request_hash;
    run_details[c.n] := c.details;
    run_started[c.n] := c.created_at;
    IF c.cap_window IS NOT NULL THEN
      spend_key := spend_key || c.key_id;
      spend_window := spend_window || c.cap_window;
      spend_held := spend_held || c.amount;
      spend_charge := spend_charge || coalesce(c.charge, 0);
    END IF;
    IF c.charge > 0 THEN
      rest := c.charge;
      line := 0;
      FOR at IN 1 .. coalesce(cardinality(lots), 0) LOOP
        EXIT WHEN rest = 0;
        CONTINUE WHEN lots_left[at] = 0 OR lots_end[at] <= c.created_at;
        part := least(rest, lots_left[at]);
        lots_left[at] := lots_left[at] - part;
        lots_drawn[at] := true;
        rest := rest - part;
        line := line + 1;
        b.posted := b.posted - part;
        b.version := b.version + 1;
        entry_run := entry_run || c.id;
        entry_line := entry_line || line;
        entry_account := entry_account || account;
        entry_amount := entry_amount || -part;
        entry_lot := entry_lot || lots[at];
        entry_balance := entry_balance || b.posted;
        entry_version := entry_version || b.version;
      END LOOP;
      IF rest > 0 THEN
        RAISE EXCEPTION 'The lots of % do not cover what is held', account USING ERRCODE = 'check_violation';
      END IF;
      entry_run := entry_run || c.id;
      entry_line := entry_line || line + 1;
      entry_account := entry_account || 'system:revenue'::text;
      entry_amount := entry_amount || c.charge;
      entry_lot := array_append(entry_lot, NULL);
      entry_balance := array_append(entry_balance, NULL);
      entry_version := array_append(entry_version, NULL);
      charged_run := charged_run || c.id;
      charged_account := charged_account || account;
      charged_amount := charged_amount || c.charge;
    END IF;
    n := c.n;
    status := CASE WHEN c.charge IS NULL THEN 'VOIDED' ELSE 'CAPTURED' END;
    run_id := c.id;
    amount := coalesce(c.charge, 0);
    posted := b.posted;
    held := b.held;
    RETURN NEXT;
  END LOOP;

  IF account IS NOT NULL THEN
    balances := balances || b;
    FOR at IN 1 .. coalesce(cardinality(lots), 0) LOOP
      IF lots_drawn[at] THEN
        drawn_lot := drawn_lot || lots[at];
        drawn_left := drawn_left || lots_left[at];
      END IF;
    END LOOP;
    INSERT INTO run (id, account_id, key_id, outcome, held, charged, idempotency_key, request_hash, details, result, started_at, ended_at)
      SELECT q.run_id, q.account_id, run_key[q.n], CASE WHEN q.charge IS NULL THEN 'VOIDED' ELSE 'CAPTURED' END::"RunOutcome",
             run_held[q.n], coalesce(q.charge, 0), run_idempotency[q.n], run_hash[q.n],
             run_details[q.n] || coalesce(q.details, '{}'), q.result, run_started[q.n], t
        FROM ROWS FROM (json_to_recordset(commands) AS (
               run_id text, account_id text, charge bigint, details jsonb, result jsonb
             )) WITH ORDINALITY AS q(run_id, account_id, charge, details, result, n)
       WHERE settled[q.n];
    UPDATE account_balance x SET posted = u.posted, held = u.held, version = u.version
      FROM unnest(balances) AS u WHERE x.account_id = u.account_id;
  END IF;
  IF cardinality(charged_run) > 0 THEN
    INSERT INTO journal_transaction (id, account_id, kind, created_at)
      SELECT u.id, u.account_id, 'USAGE', t FROM unnest(charged_run, charged_account) AS u(id, account_id);
    INSERT INTO journal_entry (transaction_id, line, ledger_account, amount, lot_id, balance_after, version)
      SELECT * FROM unnest(entry_run, entry_line, entry_account, entry_amount, entry_lot, entry_balance, entry_version);
    INSERT INTO outbox_message (id, kind, account_id, payload, created_at)
      SELECT 'usage:' || u.id, 'usage', u.account_id, jsonb_build_object('runId', u.id, 'nanos', u.amount::text), t
        FROM unnest(charged_run, charged_account, charged_amount) AS u(id, account_id, amount);
    UPDATE credit_lot l SET remaining = u.left_over
      FROM unnest(drawn_lot, drawn_left) AS u(id, left_over) WHERE l.id = u.id;
  END IF;
  IF cardinality(spend_key) > 0 THEN
    UPDATE key_spend s SET held = s.held - u.held, spent = s.spent + u.charge
      FROM (SELECT k.lineage_id, v.cap_window, sum(v.held)::bigint AS held, sum(v.charge)::bigint AS charge
              FROM unnest(spend_key, spend_window, spend_held, spend_charge) AS v(key_id, cap_window, held, charge)
              JOIN api_key k ON k.id = v.key_id
             GROUP BY 1, 2) u
     WHERE s.lineage_id = u.lineage_id AND s.cap_window = u.cap_window;
  END IF;

  IF cardinality(settled) < json_array_length(commands) OR array_position(settled, NULL) IS NOT NULL THEN
    RETURN QUERY
      SELECT q.n::int, e.status, q.run_id, e.amount, x.posted, x.held
        FROM ROWS FROM (json_to_recordset(commands) AS (
               run_id text, account_id text, charge bigint, details jsonb, result jsonb
             )) WITH ORDINALITY AS q(run_id, account_id, charge, details, result, n)
       CROSS JOIN LATERAL ledger_settle_ended(q.run_id, q.account_id, q.charge, q.details, q.result, t) e
        LEFT JOIN account_balance x ON x.account_id = q.account_id
       WHERE settled[q.n] IS NULL;
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION "ledger_hold_all"("account" text, "key" text, "ttl_ms" float8, "commands" json)
RETURNS TABLE ("status" text, "amount" bigint, "posted" bigint, "held" bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
  runs text[];
  ttl interval := make_interval(secs => ttl_ms / 1000.0);
  b account_balance;
  k api_key;
  made_at timestamptz := ledger_now();
  t timestamptz;
  spend_window timestamptz;
  used bigint;
BEGIN
  SELECT * INTO k FROM api_key x WHERE x.id = key;
  IF k.spend_cap_nanos IS NOT NULL THEN
    spend_window := cap_window_start(k.cap_period, made_at);
  END IF;
  WITH made AS (
    INSERT INTO hold (id, account_id, key_id, amount, cap_window, details, created_at, expires_at)
      SELECT q.run_id, account, key, q.amount, spend_window, q.details, made_at, made_at + ttl
        FROM json_to_recordset(commands) AS q(run_id text, amount bigint, details jsonb)
    RETURNING id, hold.amount
  )
  SELECT array_agg(m.id), coalesce(sum(m.amount), 0) INTO runs, amount FROM made m;

  PERFORM FROM account_balance x WHERE x.account_id = account FOR UPDATE;
  t := ledger_now();
  SELECT * INTO k FROM api_key x WHERE x.id = key;
  IF EXISTS (SELECT FROM credit_lot l WHERE l.account_id = account AND l.remaining > 0
                AND l.expires_at > made_at AND l.expires_at <= t)
     OR (spend_window IS NULL) <> (k.spend_cap_nanos IS NULL)
     OR spend_window <> cap_window_start(k.cap_period, t) THEN
    spend_window := CASE WHEN k.spend_cap_nanos IS NOT NULL THEN cap_window_start(k.cap_period, t) END;
    UPDATE hold x SET created_at = t, expires_at = t + ttl, cap_window = spend_window WHERE x.id = ANY (runs);
  END IF;
  PERFORM ledger_expire_lots_of(ARRAY[account], t);
  SELECT * INTO b FROM account_balance x WHERE x.account_id = account;
  SELECT coalesce(sum(s.spent + s.held), 0) INTO used FROM key_spend s
   WHERE s.lineage_id = k.lineage_id AND s.cap_window = spend_window;
  posted := b.posted;
  held := b.held;
  status := CASE
    WHEN b.account_id IS NULL THEN 'NO_ACCOUNT'
    WHEN NOT EXISTS (SELECT FROM account x WHERE x.id = account AND x.status = 'ACTIVE') THEN 'ACCOUNT_CLOSED'
    WHEN key IS NOT NULL AND (k.account_id IS DISTINCT FROM account OR k.revoked_at <= t) THEN 'KEY_REVOKED'
    WHEN k.expires_at <= t THEN 'KEY_EXPIRED'
    WHEN used + amount > k.spend_cap_nanos THEN 'KEY_CAP'
    WHEN b.posted - b.held < amount THEN 'INSUFFICIENT'
    ELSE 'HELD' END;
  IF status <> 'HELD' THEN
    DELETE FROM hold x WHERE x.id = ANY (runs);
    RETURN NEXT;
    RETURN;
  END IF;
  UPDATE account_balance x SET held = x.held + ledger_hold_all.amount WHERE x.account_id = account;
  IF spend_window IS NOT NULL THEN
    INSERT INTO key_spend AS s (lineage_id, cap_window, held) VALUES (k.lineage_id, spend_window, amount)
      ON CONFLICT (lineage_id, cap_window) DO UPDATE SET held = s.held + EXCLUDED.held;
  END IF;
  RETURN NEXT;
END
$$;

-- Sets the spend cap (null: none) of a key and of all in its lineage, and counts from then on what they have spent in
-- the period so far.
CREATE OR REPLACE FUNCTION "ledger_set_key_cap"("key" text, "cap" bigint, "period" "CapPeriod") RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  account text;
  lineage text;
  keys text[];
  start timestamptz;
BEGIN
  SELECT k.account_id, k.lineage_id INTO account, lineage FROM api_key k WHERE k.id = key;
  PERFORM FROM account_balance b WHERE b.account_id = account FOR UPDATE;
  -- A rotation waits here too, so that the key that it makes is among these, or copies what is set.
  PERFORM FROM api_key k WHERE k.id = lineage FOR UPDATE;
  start := cap_window_start(period, ledger_now());
  SELECT array_agg(k.id) INTO keys FROM api_key k WHERE k.lineage_id = lineage;
  UPDATE api_key SET spend_cap_nanos = cap, cap_period = period WHERE id = ANY (keys);
  DELETE FROM key_spend WHERE lineage_id = lineage;
  UPDATE hold SET cap_window = CASE WHEN cap IS NULL THEN NULL ELSE start END
   WHERE account_id = account AND key_id = ANY (keys);
  IF cap IS NOT NULL THEN
    INSERT INTO key_spend (lineage_id, cap_window, spent, held) VALUES (lineage, start,
      (SELECT coalesce(sum(r.charged), 0) FROM run r
        WHERE r.account_id = account AND r.key_id = ANY (keys) AND r.started_at >= start),
      (SELECT coalesce(sum(h.amount), 0) FROM hold h WHERE h.account_id = account AND h.key_id = ANY (keys)));
  END IF;
END
$$;

CREATE OR REPLACE FUNCTION "ledger_expire_holds"("at_most" int) RETURNS int LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  accounts text[];
  t timestamptz;
  ended int;
BEGIN
  SELECT array_agg(DISTINCT h.account_id) INTO accounts
    FROM (SELECT account_id FROM hold WHERE expires_at <= ledger_now() ORDER BY expires_at LIMIT at_most) h;
  SELECT array_agg(l.account_id) INTO accounts
    FROM (SELECT b.account_id FROM account_balance b WHERE b.account_id = ANY (accounts)
           ORDER BY b.account_id FOR UPDATE SKIP LOCKED) l;
  t := ledger_now();
  WITH gone AS (
    DELETE FROM hold h WHERE h.account_id = ANY (accounts) AND h.expires_at <= t RETURNING h.*
  ), runs AS (
    INSERT INTO run (id, account_id, key_id, outcome, held, charged, idempotency_key, request_hash, details, started_at, ended_at)
      SELECT id, account_id, key_id, 'EXPIRED', amount, 0, idempotency_key, request_hash, details, created_at, t FROM gone
  ), balances AS (
    UPDATE account_balance b SET held = b.held - g.amount
      FROM (SELECT account_id, sum(amount)::bigint AS amount FROM gone GROUP BY 1) g WHERE b.account_id = g.account_id
  ), spends AS (
    UPDATE key_spend s SET held = s.held - g.amount
      FROM (SELECT k.lineage_id, h.cap_window, sum(h.amount)::bigint AS amount
              FROM gone h JOIN api_key k ON k.id = h.key_id
             WHERE h.cap_window IS NOT NULL GROUP BY 1, 2) g
     WHERE s.lineage_id = g.lineage_id AND s.cap_window = g.cap_window
  )
  SELECT count(*)::int INTO ended FROM gone;
  RETURN ended;
END
$$;
