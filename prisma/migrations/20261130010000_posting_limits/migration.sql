-- Wrong input of whoever posts credit is answered by a status, not by an error of PostgreSQL: a lot that has expired
-- already (EXPIRED), a balance past 2^62 nano-dollars (OUT_OF_RANGE). The id of a grant that was posted with another
-- expiry or priority is a MISMATCH.
CREATE OR REPLACE FUNCTION "ledger_post"("command" json)
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
      ) AND (c.source <> 'GRANT' OR EXISTS (
        SELECT FROM credit_lot l WHERE l.id = c.id AND l.priority = coalesce(c.priority, 50)
           AND date_trunc('milliseconds', l.expires_at) IS NOT DISTINCT FROM c.expires_at
      )) THEN 'EXISTS' ELSE 'MISMATCH' END, b.posted, b.posted - b.held;
    RETURN;
  END IF;

  PERFORM ledger_expire_lots(c.account_id, t);
  SELECT * INTO b FROM account_balance WHERE account_id = c.account_id;

  IF c.amount > 0 THEN
    IF c.expires_at <= t THEN
      RETURN QUERY SELECT 'EXPIRED', b.posted, b.posted - b.held;
      RETURN;
    END IF;
    IF b.posted::numeric + c.amount > 4611686018427387904 THEN
      RETURN QUERY SELECT 'OUT_OF_RANGE', b.posted, b.posted - b.held;
      RETURN;
    END IF;
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
