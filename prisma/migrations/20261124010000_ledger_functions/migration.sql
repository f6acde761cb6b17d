-- The ledger: src/credits/README.md says what it promises. Every function locks the balances that it
-- touches first, in the order of their ids; what an account does is serial from there on.

-- ── guards ──────────────────────────────────────────────────────────────────────────────────────────

-- Room in the page, so that a new version of the row needs no new entry in the index.
ALTER TABLE "account_balance" SET (fillfactor = 50);
ALTER TABLE "credit_lot" SET (fillfactor = 50);

ALTER TABLE "account_balance"
  ADD CONSTRAINT "balance_held_is_not_negative" CHECK ("held" >= 0),
  ADD CONSTRAINT "balance_debt_is_not_negative" CHECK ("debt" >= 0),
  -- posted + debt is what is left in lots: never less than what is promised to runs in flight.
  ADD CONSTRAINT "balance_is_not_overspent" CHECK ("posted" + "debt" >= "held");

ALTER TABLE "credit_lot"
  ADD CONSTRAINT "lot_is_within_bounds" CHECK ("remaining" BETWEEN 0 AND "original" AND "original" > 0),
  ADD CONSTRAINT "lot_priority_is_percent" CHECK ("priority" BETWEEN 0 AND 100);

ALTER TABLE "hold"
  ADD CONSTRAINT "hold_amount_is_not_negative" CHECK ("amount" >= 0),
  ADD CONSTRAINT "hold_key_has_hash" CHECK (("idempotency_key" IS NULL) = ("request_hash" IS NULL));

ALTER TABLE "key_spend"
  ADD CONSTRAINT "key_spend_is_not_negative" CHECK ("spent" >= 0 AND "held" >= 0);

ALTER TABLE "run"
  ADD CONSTRAINT "run_charge_is_within_hold" CHECK ("charged" BETWEEN 0 AND "held"),
  ADD CONSTRAINT "run_charges_when_captured" CHECK ("outcome" = 'CAPTURED' OR "charged" = 0);

ALTER TABLE "journal_entry" ADD CONSTRAINT "entry_moves_something" CHECK ("amount" <> 0);

-- One effect for each idempotency key, for ever. A run that did not succeed gives its key back.
CREATE UNIQUE INDEX "run_idempotency_key_idx" ON "run" ("account_id", "idempotency_key")
  WHERE "outcome" = 'CAPTURED' AND "idempotency_key" IS NOT NULL;

CREATE UNIQUE INDEX "journal_entry_version_idx" ON "journal_entry" ("ledger_account", "version")
  WHERE "version" IS NOT NULL;

CREATE INDEX "credit_lot_expiry_idx" ON "credit_lot" ("expires_at")
  WHERE "expires_at" IS NOT NULL AND "remaining" > 0;

CREATE INDEX "outbox_message_waiting_idx" ON "outbox_message" ("created_at")
  WHERE "sent_at" IS NULL AND "dead_reason" IS NULL;

-- The lines of a transaction are written by one statement, and add up to zero.
CREATE FUNCTION "check_entries_balance"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  unbalanced text;
BEGIN
  SELECT transaction_id INTO unbalanced FROM written GROUP BY transaction_id HAVING sum(amount) <> 0 LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'The entries of % do not add up to zero', unbalanced USING ERRCODE = 'check_violation';
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER "journal_entry_balances"
  AFTER INSERT ON "journal_entry" REFERENCING NEW TABLE AS written
  FOR EACH STATEMENT EXECUTE FUNCTION "check_entries_balance"();

CREATE TRIGGER "journal_entry_is_append_only"
  BEFORE UPDATE OR DELETE ON "journal_entry"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "journal_entry_is_not_truncated"
  BEFORE TRUNCATE ON "journal_entry"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "journal_transaction_is_append_only"
  BEFORE UPDATE OR DELETE ON "journal_transaction"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "journal_transaction_is_not_truncated"
  BEFORE TRUNCATE ON "journal_transaction"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- A run stays what it was; only one whose hold had expired may still be captured.
CREATE TRIGGER "run_is_append_only"
  BEFORE UPDATE ON "run"
  FOR EACH ROW WHEN (NOT (OLD.outcome = 'EXPIRED' AND NEW.outcome = 'CAPTURED'))
  EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "run_is_not_deleted"
  BEFORE DELETE ON "run"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "run_is_not_truncated"
  BEFORE TRUNCATE ON "run"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

REVOKE UPDATE, DELETE, TRUNCATE ON "journal_entry", "journal_transaction", "audit_event" FROM PUBLIC;

-- ── time ────────────────────────────────────────────────────────────────────────────────────────────

-- The ledger's only clock. Read after the locks are taken: the order of times is the order of effects.
-- Tests replace it.
CREATE FUNCTION "ledger_now"() RETURNS timestamptz LANGUAGE sql VOLATILE RETURN clock_timestamp();

-- Start of the UTC period in which a key's spend is capped.
CREATE FUNCTION "cap_window_start"("period" "CapPeriod", "at" timestamptz) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE "period"
    WHEN 'DAY' THEN date_trunc('day', "at", 'UTC')
    WHEN 'MONTH' THEN date_trunc('month', "at", 'UTC')
    ELSE to_timestamp(0) END;

-- ── expiry ──────────────────────────────────────────────────────────────────────────────────────────

-- What of an account's expired lots is lost, at a time. Credit that was held before it expired stays
-- usable for that hold: the holds made before a lot's expiry keep as much of it as they need.
CREATE FUNCTION "ledger_lost_credit"("account" text, "t" timestamptz)
RETURNS TABLE ("lot_id" text, "left_over" bigint, "lost" bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  lot record;
  kept bigint := 0;
  keeps bigint;
  spare bigint;
BEGIN
  SELECT greatest(0, b.posted + b.debt - b.held) INTO spare FROM account_balance b WHERE b.account_id = account;
  FOR lot IN
    SELECT l.id, l.remaining, l.expires_at FROM credit_lot l
     WHERE l.account_id = account AND l.remaining > 0 AND l.expires_at <= t
     ORDER BY l.expires_at, l.id
  LOOP
    SELECT least(lot.remaining, coalesce(sum(h.amount), 0)::bigint - kept) INTO keeps
      FROM hold h WHERE h.account_id = account AND h.created_at < lot.expires_at;
    keeps := greatest(keeps, 0);
    kept := kept + keeps;
    lot_id := lot.id;
    left_over := lot.remaining;
    lost := least(lot.remaining - keeps, spare);
    spare := spare - lost;
    IF lost > 0 THEN RETURN NEXT; END IF;
  END LOOP;
END
$$;

-- Books what an account's expired lots have lost. The caller holds the lock of the balance. May be
-- repeated: a lot that loses a second part has less left over, so that each booking has its own id.
CREATE FUNCTION "ledger_expire_lots"("account" text, "t" timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  b account_balance;
  loss record;
  total bigint := 0;
BEGIN
  SELECT * INTO b FROM account_balance WHERE account_id = account;
  FOR loss IN SELECT * FROM ledger_lost_credit(account, t) LOOP
    b.posted := b.posted - loss.lost;
    b.version := b.version + 1;
    total := total + loss.lost;
    UPDATE credit_lot SET remaining = remaining - loss.lost WHERE id = loss.lot_id;
    INSERT INTO journal_transaction (id, account_id, kind, actor, created_at)
      VALUES (format('expiry:%s:%s', loss.lot_id, loss.left_over), account, 'EXPIRY', 'system', t);
    INSERT INTO journal_entry (transaction_id, line, ledger_account, amount, lot_id, balance_after, version)
      VALUES
        (format('expiry:%s:%s', loss.lot_id, loss.left_over), 1, account, -loss.lost, loss.lot_id, b.posted, b.version),
        (format('expiry:%s:%s', loss.lot_id, loss.left_over), 2, 'system:breakage', loss.lost, NULL, NULL, NULL);
  END LOOP;
  IF total > 0 THEN
    UPDATE account_balance SET posted = b.posted, version = b.version WHERE account_id = account;
  END IF;
  RETURN total;
END
$$;

-- The same for those of some accounts that have expired lots.
CREATE FUNCTION "ledger_expire_lots_of"("accounts" text[], "t" timestamptz) RETURNS void LANGUAGE sql AS $$
  SELECT ledger_expire_lots(l.account_id, t)
    FROM (SELECT DISTINCT account_id FROM credit_lot
           WHERE account_id = ANY (accounts) AND remaining > 0 AND expires_at <= t) l
$$;

-- ── credit in, credit back ──────────────────────────────────────────────────────────────────────────

-- Posts one movement that is no run. A positive amount becomes a lot with the transaction's id, after it
-- has paid what the account owes; a negative one is taken from `lot_id` first, then from the others, and
-- what is spent or held already becomes debt where the kind allows that (money that went back).
-- May be repeated: the same id with the same movement answers EXISTS.
CREATE FUNCTION "ledger_post"("command" json)
RETURNS TABLE ("status" text, "posted" bigint, "available" bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  c record;
  b account_balance;
  t timestamptz;
  before bigint;
  counterpart text;
  rest bigint;
  spare bigint;
  part bigint;
  lot record;
  lines int := 0;
  line_amount bigint[] := '{}';
  line_lot text[] := '{}';
BEGIN
  SELECT * INTO c FROM json_to_record(command) AS (
    id text, account_id text, kind "JournalKind", amount bigint, source "LotSource", priority smallint,
    expires_at timestamptz, lot_id text, reason text, actor text, reverses text);
  SELECT * INTO b FROM account_balance WHERE account_id = c.account_id FOR UPDATE;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'NO_ACCOUNT', 0::bigint, 0::bigint;
    RETURN;
  END IF;
  t := ledger_now();

  SELECT sum(e.amount) INTO before FROM journal_transaction x
    JOIN journal_entry e ON e.transaction_id = x.id AND e.ledger_account = x.account_id
   WHERE x.id = c.id;
  IF before IS NOT NULL THEN
    RETURN QUERY SELECT
      CASE WHEN before = c.amount AND EXISTS (
        SELECT FROM journal_transaction x WHERE x.id = c.id AND x.account_id = c.account_id AND x.kind = c.kind
      ) THEN 'EXISTS' ELSE 'MISMATCH' END, b.posted, b.posted - b.held;
    RETURN;
  END IF;

  PERFORM ledger_expire_lots(c.account_id, t);
  SELECT * INTO b FROM account_balance WHERE account_id = c.account_id;

  IF c.amount > 0 THEN
    part := least(b.debt, c.amount);
    INSERT INTO credit_lot (id, account_id, source, original, remaining, priority, expires_at, created_at)
      VALUES (c.id, c.account_id, c.source, c.amount, c.amount - part, coalesce(c.priority, 50), c.expires_at, t);
    line_amount := ARRAY[c.amount];
    line_lot := ARRAY[c.id];
    IF part > 0 THEN
      line_amount := line_amount || ARRAY[-part, part];
      line_lot := line_lot || ARRAY[c.id, NULL];
      b.debt := b.debt - part;
    END IF;
  ELSE
    rest := -c.amount;
    spare := b.posted + b.debt - b.held;
    IF rest > spare AND c.kind NOT IN ('REFUND', 'DISPUTE') THEN
      RETURN QUERY SELECT 'INSUFFICIENT', b.posted, b.posted - b.held;
      RETURN;
    END IF;
    FOR lot IN
      SELECT l.id, l.remaining FROM credit_lot l
       WHERE l.account_id = c.account_id AND l.remaining > 0 AND (l.expires_at IS NULL OR l.expires_at > t)
       ORDER BY (l.id IS NOT DISTINCT FROM c.lot_id) DESC, l.priority, l.expires_at NULLS LAST, l.created_at, l.id
    LOOP
      part := least(lot.remaining, rest, spare);
      EXIT WHEN part <= 0;
      UPDATE credit_lot SET remaining = remaining - part WHERE id = lot.id;
      line_amount := line_amount || -part;
      line_lot := line_lot || lot.id;
      rest := rest - part;
      spare := spare - part;
    END LOOP;
    IF rest > 0 THEN
      line_amount := line_amount || -rest;
      line_lot := array_append(line_lot, NULL);
      b.debt := b.debt + rest;
    END IF;
  END IF;

  counterpart := CASE
    WHEN c.kind = 'GRANT' THEN 'system:promotion'
    WHEN c.kind = 'ADJUSTMENT' THEN 'system:adjustment'
    ELSE 'system:stripe' END;
  INSERT INTO journal_transaction (id, account_id, kind, reason, actor, reverses, created_at)
    VALUES (c.id, c.account_id, c.kind, c.reason, c.actor, c.reverses, t);
  lines := cardinality(line_amount);
  INSERT INTO journal_entry (transaction_id, line, ledger_account, amount, lot_id, balance_after, version)
    SELECT c.id, u.line, c.account_id, u.amount, u.lot, b.posted + sum(u.amount) OVER (ORDER BY u.line), b.version + u.line
      FROM unnest(line_amount, line_lot) WITH ORDINALITY AS u(amount, lot, line)
    UNION ALL
    SELECT c.id, lines + 1, counterpart, -c.amount, NULL, NULL, NULL;
  UPDATE account_balance
     SET posted = b.posted + c.amount, debt = b.debt, version = b.version + lines
   WHERE account_id = c.account_id;
  RETURN QUERY SELECT 'POSTED', b.posted + c.amount, b.posted + c.amount - b.held;
END
$$;

-- ── a run: hold, then settle ────────────────────────────────────────────────────────────────────────

-- Sets credit aside for runs, each accepted or refused on its own, in order. The caller holds the locks of
-- the balances. May be repeated: an open hold answers HELD again.
--
-- The settings keep the plan at index look-ups, whatever the statistics said when it was made, and it is made
-- once for a connection: planning takes longer than running it.
CREATE FUNCTION "ledger_hold"("commands" json, "t" timestamptz)
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
  capped_ids text[] := '{}';
  capped_used bigint[] := '{}';
  spend_key text[] := '{}';
  spend_window timestamptz[] := '{}';
  spend_amount bigint[] := '{}';
  windows timestamptz[] := '{}';
  used bigint;
BEGIN
  FOR c IN
    SELECT q.n::int, q.run_id, q.account_id, q.key_id, q.amount, q.idempotency_key, q.request_hash,
           b.posted, b.held, a.status AS account_status,
           k.account_id AS key_account, k.revoked_at, k.expires_at AS key_expires_at, k.spend_cap_nanos,
           cap_window_start(k.cap_period, t) AS cap_window,
           (SELECT s.spent + s.held FROM key_spend s
             WHERE s.key_id = q.key_id AND s.cap_window = cap_window_start(k.cap_period, t)) AS key_used,
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
      at := array_position(capped_ids, c.key_id);
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
          capped_ids := capped_ids || c.key_id;
          at := cardinality(capped_ids);
        END IF;
        capped_used[at] := used + c.amount;
        windows[c.n] := c.cap_window;
        spend_key := spend_key || c.key_id;
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
  IF cardinality(spend_key) > 0 THEN
    INSERT INTO key_spend AS s (key_id, cap_window, held)
      SELECT u.key_id, u.cap_window, sum(u.amount)
        FROM unnest(spend_key, spend_window, spend_amount) AS u(key_id, cap_window, amount)
       GROUP BY 1, 2
    ON CONFLICT (key_id, cap_window) DO UPDATE SET held = s.held + EXCLUDED.held;
  END IF;
END
$$;

-- Ends a run that has no open hold any more: what was done before is answered again. A capture whose hold
-- has expired is an ordinary debit then, refused when the credit is no longer there, or when somebody has
-- sent the same request again meanwhile: that one counts.
CREATE FUNCTION "ledger_settle_ended"("run" text, "account" text, "charge" bigint, "details" jsonb, "result" jsonb, "t" timestamptz)
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
                             WHERE s.key_id = k.id AND s.cap_window = spend_window), 0) > k.spend_cap_nanos
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
      INSERT INTO key_spend AS s (key_id, cap_window, spent) VALUES (k.id, spend_window, charge)
        ON CONFLICT (key_id, cap_window) DO UPDATE SET spent = s.spent + EXCLUDED.spent;
    END IF;
  END IF;
  status := 'CAPTURED';
  amount := charge;
  RETURN NEXT;
END
$$;

-- Ends runs: with a charge they are captured, without one voided. What was held and not charged is free
-- again. The caller holds the locks of the balances. May be repeated (ledger_settle_ended).
CREATE FUNCTION "ledger_settle"("commands" json, "t" timestamptz)
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
      FROM (SELECT v.key_id, v.cap_window, sum(v.held)::bigint AS held, sum(v.charge)::bigint AS charge
              FROM unnest(spend_key, spend_window, spend_held, spend_charge) AS v(key_id, cap_window, held, charge)
             GROUP BY 1, 2) u
     WHERE s.key_id = u.key_id AND s.cap_window = u.cap_window;
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

-- Settles some runs and holds credit for others, in one commit: first the former, whose credit the latter
-- may use. Locks the balances of all, in the order of their ids.
CREATE FUNCTION "ledger_apply"("settles" json, "holds" json)
RETURNS TABLE ("settles_run" boolean, "n" int, "status" text, "run_id" text, "amount" bigint, "posted" bigint, "held" bigint)
LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  accounts text[];
  t timestamptz;
BEGIN
  SELECT array_agg(DISTINCT q.account_id) INTO accounts FROM (
    SELECT account_id FROM json_to_recordset(settles) AS (account_id text)
    UNION ALL SELECT account_id FROM json_to_recordset(holds) AS (account_id text)) q;
  PERFORM FROM account_balance b WHERE b.account_id = ANY (accounts) ORDER BY b.account_id FOR UPDATE;
  t := ledger_now();
  PERFORM ledger_expire_lots_of(accounts, t);
  IF json_array_length(settles) > 0 THEN
    RETURN QUERY SELECT true, s.* FROM ledger_settle(settles, t) s;
  END IF;
  IF json_array_length(holds) > 0 THEN
    -- What was kept for a run that did not need it.
    PERFORM ledger_expire_lots_of(accounts, t);
    RETURN QUERY SELECT false, h.* FROM ledger_hold(holds, t) h;
  END IF;
END
$$;

-- Sets a key's spend cap (null: none), and counts from then on what it has spent in the period so far.
CREATE FUNCTION "ledger_set_key_cap"("key" text, "cap" bigint, "period" "CapPeriod") RETURNS void LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  account text;
  start timestamptz;
BEGIN
  SELECT k.account_id INTO account FROM api_key k WHERE k.id = key;
  PERFORM FROM account_balance b WHERE b.account_id = account FOR UPDATE;
  start := cap_window_start(period, ledger_now());
  UPDATE api_key SET spend_cap_nanos = cap, cap_period = period WHERE id = key;
  DELETE FROM key_spend WHERE key_id = key;
  UPDATE hold SET cap_window = CASE WHEN cap IS NULL THEN NULL ELSE start END
   WHERE account_id = account AND key_id = key;
  IF cap IS NOT NULL THEN
    INSERT INTO key_spend (key_id, cap_window, spent, held) VALUES (key, start,
      (SELECT coalesce(sum(r.charged), 0) FROM run r
        WHERE r.account_id = account AND r.key_id = key AND r.started_at >= start),
      (SELECT coalesce(sum(h.amount), 0) FROM hold h WHERE h.account_id = account AND h.key_id = key));
  END IF;
END
$$;

-- ── the sweeper ─────────────────────────────────────────────────────────────────────────────────────

-- Ends holds whose time is over; nothing was delivered for them, as an answer leaves after its capture.
-- Skips accounts that are busy; any number of processes may sweep. Returns how many it ended.
CREATE FUNCTION "ledger_expire_holds"("at_most" int) RETURNS int LANGUAGE plpgsql AS $$
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
      FROM (SELECT key_id, cap_window, sum(amount)::bigint AS amount FROM gone
             WHERE cap_window IS NOT NULL GROUP BY 1, 2) g
     WHERE s.key_id = g.key_id AND s.cap_window = g.cap_window
  )
  SELECT count(*)::int INTO ended FROM gone;
  RETURN ended;
END
$$;

-- Books what expired lots have lost, for accounts that nothing happens on. Returns the sum.
CREATE FUNCTION "ledger_expire_credit"("at_most" int) RETURNS bigint LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  accounts text[];
  account text;
  total bigint := 0;
BEGIN
  SELECT array_agg(DISTINCT l.account_id) INTO accounts
    FROM (SELECT account_id FROM credit_lot WHERE expires_at <= ledger_now() AND remaining > 0
           ORDER BY expires_at LIMIT at_most) l;
  FOR account IN
    SELECT b.account_id FROM account_balance b WHERE b.account_id = ANY (accounts)
     ORDER BY b.account_id FOR UPDATE SKIP LOCKED
  LOOP
    total := total + ledger_expire_lots(account, ledger_now());
  END LOOP;
  RETURN total;
END
$$;
