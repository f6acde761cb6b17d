-- What each account has paid for: docs/decisions/0018-free-is-what-you-have-paid-for.md.

-- CreateTable
CREATE TABLE "paid_unit" (
    "account_id" TEXT NOT NULL,
    "unit" BYTEA NOT NULL,
    "run_id" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(6) NOT NULL,

    CONSTRAINT "paid_unit_pkey" PRIMARY KEY ("account_id","unit")
);

-- CreateIndex
CREATE INDEX "paid_unit_expires_at_idx" ON "paid_unit"("expires_at");

-- What Prisma's schema cannot say.

ALTER TABLE "paid_unit" ADD CONSTRAINT "paid_unit_is_a_hash" CHECK (length("unit") = 16);

-- Vectors of label sets that were kept before it was written down who had paid for them: the first call with
-- the set pays for its labels once more.
DELETE FROM "label_set_embedding";

-- AlterTable
ALTER TABLE "label_set_embedding" ADD COLUMN "paid_by" TEXT NOT NULL;

-- ── captures that pay for units ─────────────────────────────────────────────────────────────────────

-- Takes back what some captures have claimed.
CREATE FUNCTION "ledger_unclaim"("commands" json, "places" int[]) RETURNS void LANGUAGE sql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
  DELETE FROM paid_unit p
   USING ROWS FROM (json_to_recordset(commands) AS (run_id text, account_id text, pays json))
           WITH ORDINALITY AS q(run_id, account_id, pays, n)
   CROSS JOIN LATERAL json_array_elements_text(q.pays) AS u(unit)
   WHERE q.n = ANY (places) AND p.account_id = q.account_id AND p.unit = decode(u.unit, 'hex') AND p.run_id = q.run_id
$$;

-- Settles commands of which some pay for units (`pays`: hashes in hexadecimal, `pays_ms`: how long they are paid
-- for). An account pays for a unit once in that time, however many of its calls are captured at once and on
-- however many servers: a capture that would charge for a unit that is paid for already is refused as a whole
-- (PAID_BEFORE), to be sent again with a smaller charge. The caller holds the locks of the balances. May be
-- repeated: a run that was captured claims nothing again.
CREATE FUNCTION "ledger_settle_paying"("commands" json, "t" timestamptz)
RETURNS TABLE ("n" int, "status" text, "run_id" text, "amount" bigint, "posted" bigint, "held" bigint)
LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
  refused int[];
  unpaid int[] := '{}';
  accepted json := commands;
  places int[];
  s record;
BEGIN
  WITH paying AS MATERIALIZED (
    SELECT q.n::int AS n, q.run_id, q.account_id, q.pays, t + make_interval(secs => q.pays_ms / 1000.0) AS expires_at
      FROM ROWS FROM (json_to_recordset(commands) AS (run_id text, account_id text, pays json, pays_ms float8))
             WITH ORDINALITY AS q(run_id, account_id, pays, pays_ms, n)
     WHERE q.pays IS NOT NULL
       AND NOT EXISTS (SELECT FROM run r WHERE r.id = q.run_id AND r.outcome = 'CAPTURED')
  ), claimed AS (
    -- Of captures that want the same unit the first one gets it.
    INSERT INTO paid_unit AS p (account_id, unit, run_id, expires_at)
      SELECT DISTINCT ON (w.account_id, u.unit) w.account_id, decode(u.unit, 'hex'), w.run_id, w.expires_at
        FROM paying w CROSS JOIN LATERAL json_array_elements_text(w.pays) AS u(unit)
       ORDER BY w.account_id, u.unit, w.n
    ON CONFLICT (account_id, unit) DO UPDATE SET run_id = EXCLUDED.run_id, expires_at = EXCLUDED.expires_at
      WHERE p.expires_at <= t
    RETURNING p.run_id
  )
  SELECT array_agg(w.n) INTO refused
    FROM paying w LEFT JOIN (SELECT c.run_id, count(*) AS count FROM claimed c GROUP BY 1) c ON c.run_id = w.run_id
   WHERE json_array_length(w.pays) > coalesce(c.count, 0);

  IF refused IS NOT NULL THEN
    PERFORM ledger_unclaim(commands, refused);
    RETURN QUERY
      SELECT q.n::int, 'PAID_BEFORE', q.run_id, 0::bigint, b.posted, b.held
        FROM ROWS FROM (json_to_recordset(commands) AS (run_id text, account_id text))
               WITH ORDINALITY AS q(run_id, account_id, n)
        LEFT JOIN account_balance b ON b.account_id = q.account_id
       WHERE q.n = ANY (refused);
    SELECT json_agg(c.command ORDER BY c.n), array_agg(c.n::int ORDER BY c.n) INTO accepted, places
      FROM json_array_elements(commands) WITH ORDINALITY AS c(command, n)
     WHERE c.n <> ALL (refused);
  END IF;

  FOR s IN SELECT * FROM ledger_settle(coalesce(accepted, '[]'), t) LOOP
    n := coalesce(places[s.n], s.n);
    status := s.status;
    run_id := s.run_id;
    amount := s.amount;
    posted := s.posted;
    held := s.held;
    -- What was not charged is not paid for. DONE: it was, before.
    IF s.status NOT IN ('CAPTURED', 'DONE') THEN unpaid := unpaid || n; END IF;
    RETURN NEXT;
  END LOOP;
  IF cardinality(unpaid) > 0 THEN
    PERFORM ledger_unclaim(commands, unpaid);
  END IF;
END
$$;

-- As it was, but for the captures that pay for units.
CREATE OR REPLACE FUNCTION "ledger_apply"("settles" json, "holds" json)
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
  IF EXISTS (SELECT FROM json_to_recordset(settles) AS (pays json) WHERE pays IS NOT NULL) THEN
    RETURN QUERY SELECT true, s.* FROM ledger_settle_paying(settles, t) s;
  ELSIF json_array_length(settles) > 0 THEN
    RETURN QUERY SELECT true, s.* FROM ledger_settle(settles, t) s;
  END IF;
  IF json_array_length(holds) > 0 THEN
    -- What was kept for a run that did not need it.
    PERFORM ledger_expire_lots_of(accounts, t);
    RETURN QUERY SELECT false, h.* FROM ledger_hold(holds, t) h;
  END IF;
END
$$;
