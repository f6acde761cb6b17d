-- Roll-ups of usage: src/usage/README.md says what they promise.

-- CreateEnum
CREATE TYPE "UsageSpan" AS ENUM ('HOUR', 'DAY');

-- CreateTable
CREATE TABLE "usage_group" (
    "id" SERIAL NOT NULL,
    "account_id" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "key_id" TEXT NOT NULL,
    "member_id" TEXT NOT NULL,
    "status" TEXT NOT NULL,

    CONSTRAINT "usage_group_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_rollup" (
    "account_id" TEXT NOT NULL,
    "group_id" INTEGER NOT NULL,
    "span" "UsageSpan" NOT NULL,
    "start" TIMESTAMPTZ(3) NOT NULL,
    "calls" BIGINT NOT NULL,
    "charged" BIGINT NOT NULL,
    "images_requested" BIGINT NOT NULL,
    "images_ran" BIGINT NOT NULL,
    "label_texts_requested" BIGINT NOT NULL,
    "label_texts_ran" BIGINT NOT NULL,
    "embeddings_requested" BIGINT NOT NULL,
    "embeddings_ran" BIGINT NOT NULL,
    "latency" BYTEA NOT NULL,

    CONSTRAINT "usage_rollup_pkey" PRIMARY KEY ("account_id","span","start","group_id")
);

-- CreateTable
CREATE TABLE "usage_rolled" (
    "span" "UsageSpan" NOT NULL,
    "start" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_rolled_pkey" PRIMARY KEY ("span","start")
);

-- CreateTable
CREATE TABLE "usage_dirty" (
    "id" BIGSERIAL NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_dirty_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_fence" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "closed_until" TIMESTAMPTZ(6) NOT NULL,
    "fenced_at" TIMESTAMPTZ(6) NOT NULL,
    "fence_xid" BIGINT NOT NULL,
    "first_hour" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "usage_fence_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "usage_group_account_id_model_operation_key_id_member_id_sta_key" ON "usage_group"("account_id", "model", "operation", "key_id", "member_id", "status");

-- CreateIndex
CREATE INDEX "usage_rollup_span_start_idx" ON "usage_rollup"("span", "start");

-- CreateIndex
CREATE INDEX "usage_dirty_hour_idx" ON "usage_dirty"("hour");

-- AddForeignKey
ALTER TABLE "usage_rollup" ADD CONSTRAINT "usage_rollup_group_id_fkey" FOREIGN KEY ("group_id") REFERENCES "usage_group"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "usage_fence" ADD CONSTRAINT "usage_fence_is_one_row" CHECK ("id" = 1);

-- ── what a run means for usage ──────────────────────────────────────────────────────────────────────

-- Where a latency counts: bucket n holds what is more than 1.04^(n-1) and at most 1.04^n tenths of a
-- millisecond; bucket 0 all that is less. Its middle is at most 2 % from each (src/usage/latency-histogram.ts).
CREATE FUNCTION "usage_latency_bucket"("time" interval) RETURNS int
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ceil(ln(greatest(extract(epoch FROM "time")::float8 * 10000, 1)) / ln(1.04::float8))::int;

-- The one place that says it: roll-ups are made from this, and what has none is read from it.
-- Units and latencies are those of calls that were answered; the batch tier waits, so it has no latency.
CREATE VIEW "usage_event" AS
SELECT r.account_id,
       r.ended_at,
       coalesce(r.details ->> 'model', '') AS model,
       coalesce(r.details ->> 'operation', '') AS operation,
       coalesce(r.key_id, '') AS key_id,
       coalesce(substring(r.details ->> 'actor' FROM '^user:(.*)$'), k.created_by, '') AS member_id,
       CASE r.outcome WHEN 'CAPTURED' THEN 'OK' WHEN 'EXPIRED' THEN 'EXPIRED'
            ELSE coalesce(r.details ->> 'errorCode', 'VOIDED') END AS status,
       r.charged,
       coalesce(u.images_requested, 0)::bigint AS images_requested,
       coalesce(u.images_ran, 0)::bigint AS images_ran,
       coalesce(u.label_texts_requested, 0)::bigint AS label_texts_requested,
       coalesce(u.label_texts_ran, 0)::bigint AS label_texts_ran,
       coalesce(u.embeddings_requested, 0)::bigint AS embeddings_requested,
       coalesce(u.embeddings_ran, 0)::bigint AS embeddings_ran,
       CASE WHEN r.outcome = 'CAPTURED' AND r.details ->> 'tier' IS DISTINCT FROM 'batch'
            THEN usage_latency_bucket(r.ended_at - r.started_at) END AS latency_bucket
  FROM run r
  LEFT JOIN api_key k ON k.id = r.key_id
  LEFT JOIN LATERAL (
    SELECT sum(requested) FILTER (WHERE unit = 'IMAGE') AS images_requested,
           sum(coalesce(ran, requested)) FILTER (WHERE unit = 'IMAGE') AS images_ran,
           sum(requested) FILTER (WHERE unit = 'LABEL_TEXT') AS label_texts_requested,
           sum(coalesce(ran, requested)) FILTER (WHERE unit = 'LABEL_TEXT') AS label_texts_ran,
           sum(requested) FILTER (WHERE unit = 'EMBEDDING') AS embeddings_requested,
           sum(coalesce(ran, requested)) FILTER (WHERE unit = 'EMBEDDING') AS embeddings_ran
      FROM jsonb_to_recordset(r.details -> 'units') AS x(unit text, requested bigint, ran bigint)
  ) u ON r.outcome = 'CAPTURED';

-- ── roll-ups of a time ──────────────────────────────────────────────────────────────────────────────

-- The roll-ups of the hours in [lo, hi), as runs say. Both are whole hours.
CREATE FUNCTION "usage_hours_of"("lo" timestamptz, "hi" timestamptz)
RETURNS TABLE ("account_id" text, "model" text, "operation" text, "key_id" text, "member_id" text, "status" text,
  "start" timestamptz, "calls" bigint, "charged" bigint, "images_requested" bigint, "images_ran" bigint,
  "label_texts_requested" bigint, "label_texts_ran" bigint, "embeddings_requested" bigint, "embeddings_ran" bigint,
  "latency" bytea)
LANGUAGE sql STABLE AS $$
  WITH counted AS MATERIALIZED (
    SELECT e.account_id, e.model, e.operation, e.key_id, e.member_id, e.status,
           date_trunc('hour', e.ended_at, 'UTC') AS start, e.latency_bucket AS bucket,
           count(*) AS calls, sum(e.charged) AS charged,
           sum(e.images_requested) AS a, sum(e.images_ran) AS b, sum(e.label_texts_requested) AS c,
           sum(e.label_texts_ran) AS d, sum(e.embeddings_requested) AS e, sum(e.embeddings_ran) AS f
      FROM usage_event e WHERE e.ended_at >= lo AND e.ended_at < hi
     GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
  ), of_all AS (
    SELECT * FROM counted
    UNION ALL
    SELECT 'all', x.model, '', '', '', x.status, x.start, x.bucket, sum(x.calls), sum(x.charged),
           sum(x.a), sum(x.b), sum(x.c), sum(x.d), sum(x.e), sum(x.f)
      FROM counted x GROUP BY x.model, x.status, x.start, x.bucket
  )
  SELECT account_id, model, operation, key_id, member_id, status, start,
         sum(calls)::bigint, sum(charged)::bigint, sum(a)::bigint, sum(b)::bigint, sum(c)::bigint, sum(d)::bigint,
         sum(e)::bigint, sum(f)::bigint,
         coalesce(string_agg(int2send(bucket::int2) || int4send(calls::int4), '' ORDER BY bucket)
                    FILTER (WHERE bucket IS NOT NULL), '')
    FROM of_all GROUP BY 1, 2, 3, 4, 5, 6, 7
$$;

-- The buckets of a latency column.
CREATE FUNCTION "usage_latencies"("latency" bytea) RETURNS TABLE ("bucket" int, "calls" bigint)
  LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT get_byte(latency, at) << 8 | get_byte(latency, at + 1),
         get_byte(latency, at + 2)::bigint << 24 | get_byte(latency, at + 3) << 16
           | get_byte(latency, at + 4) << 8 | get_byte(latency, at + 5)
    FROM generate_series(0, length(latency) - 6, 6) AS at
$$;

-- The roll-ups of the days in [lo, hi), as those of their hours say. Both are midnights, UTC.
CREATE FUNCTION "usage_days_of"("lo" timestamptz, "hi" timestamptz)
RETURNS TABLE ("account_id" text, "group_id" int, "start" timestamptz, "calls" bigint, "charged" bigint,
  "images_requested" bigint, "images_ran" bigint, "label_texts_requested" bigint, "label_texts_ran" bigint,
  "embeddings_requested" bigint, "embeddings_ran" bigint, "latency" bytea)
LANGUAGE sql STABLE AS $$
  WITH hours AS MATERIALIZED (
    SELECT u.*, date_trunc('day', u.start, 'UTC') AS day
      FROM usage_rollup u WHERE u.span = 'HOUR' AND u.start >= lo AND u.start < hi
  ), latencies AS (
    SELECT b.group_id, b.day,
           string_agg(int2send(b.bucket::int2) || int4send(b.calls::int4), '' ORDER BY b.bucket) AS latency
      FROM (SELECT h.group_id, h.day, l.bucket, sum(l.calls) AS calls
              FROM hours h CROSS JOIN LATERAL usage_latencies(h.latency) l GROUP BY 1, 2, 3) b
     GROUP BY 1, 2
  )
  SELECT h.account_id, h.group_id, h.day, sum(h.calls)::bigint, sum(h.charged)::bigint,
         sum(h.images_requested)::bigint, sum(h.images_ran)::bigint, sum(h.label_texts_requested)::bigint,
         sum(h.label_texts_ran)::bigint, sum(h.embeddings_requested)::bigint, sum(h.embeddings_ran)::bigint,
         coalesce(min(l.latency), '')
    FROM hours h LEFT JOIN latencies l ON l.group_id = h.group_id AND l.day = h.day
   GROUP BY 1, 2, 3
$$;

-- ── rolling up ──────────────────────────────────────────────────────────────────────────────────────

-- Makes the roll-ups of some hours anew; those of their days are gone then. One at a time: the caller holds
-- the lock. What changes meanwhile leaves a dirty mark that this does not see, and so does not take away.
CREATE FUNCTION "usage_roll_up"("hours" timestamptz[]) RETURNS void LANGUAGE plpgsql
SET "gigarouter.rolls_up" = 'on' SET "work_mem" = '64MB'
AS $$
DECLARE
  days timestamptz[] := ARRAY(SELECT DISTINCT date_trunc('day', h, 'UTC') FROM unnest(hours) AS h);
  run_of record;
BEGIN
  DELETE FROM usage_rolled r WHERE (r.span = 'HOUR' AND r.start = ANY (hours)) OR (r.span = 'DAY' AND r.start = ANY (days));
  DELETE FROM usage_rollup u WHERE (u.span = 'HOUR' AND u.start = ANY (hours)) OR (u.span = 'DAY' AND u.start = ANY (days));
  DELETE FROM usage_dirty d WHERE d.hour = ANY (hours);
  -- Runs are read by later snapshots than that of the line before: no mark is lost.
  FOR run_of IN
    SELECT min(h) AS lo, max(h) + interval '1 hour' AS hi
      FROM (SELECT h, h - row_number() OVER (ORDER BY h) * interval '1 hour' AS island
              FROM (SELECT DISTINCT h FROM unnest(hours) AS h) AS x) AS y
     GROUP BY island
  LOOP
    WITH counted AS MATERIALIZED (
      SELECT * FROM usage_hours_of(run_of.lo, run_of.hi)
    ), made AS (
      INSERT INTO usage_group (account_id, model, operation, key_id, member_id, status)
        SELECT DISTINCT c.account_id, c.model, c.operation, c.key_id, c.member_id, c.status FROM counted c
        EXCEPT SELECT g.account_id, g.model, g.operation, g.key_id, g.member_id, g.status FROM usage_group g
      RETURNING *
    ), groups AS (
      SELECT * FROM usage_group UNION ALL SELECT * FROM made
    )
    INSERT INTO usage_rollup (account_id, group_id, span, start, calls, charged, images_requested, images_ran,
                              label_texts_requested, label_texts_ran, embeddings_requested, embeddings_ran, latency)
      SELECT c.account_id, g.id, 'HOUR', c.start, c.calls, c.charged, c.images_requested, c.images_ran,
             c.label_texts_requested, c.label_texts_ran, c.embeddings_requested, c.embeddings_ran, c.latency
        FROM counted c JOIN groups g USING (account_id, model, operation, key_id, member_id, status)
       -- What is read together lies together.
       ORDER BY c.start, c.account_id, g.id;
  END LOOP;
  INSERT INTO usage_rolled (span, start) SELECT DISTINCT 'HOUR'::"UsageSpan", h FROM unnest(hours) AS h;
END
$$;

-- Makes the roll-ups of days whose hours are all there. Returns how many. The caller holds the lock.
CREATE FUNCTION "usage_roll_up_days"("at_most" int) RETURNS int LANGUAGE plpgsql
SET "gigarouter.rolls_up" = 'on' SET "work_mem" = '64MB'
AS $$
DECLARE
  days timestamptz[] := ARRAY(
    SELECT date_trunc('day', r.start, 'UTC') AS day FROM usage_rolled r WHERE r.span = 'HOUR'
     GROUP BY 1 HAVING count(*) = 24
    EXCEPT SELECT r.start FROM usage_rolled r WHERE r.span = 'DAY'
    EXCEPT SELECT date_trunc('day', d.hour, 'UTC') FROM usage_dirty d
    ORDER BY day DESC LIMIT at_most);
  day timestamptz;
BEGIN
  FOREACH day IN ARRAY days LOOP
    DELETE FROM usage_rollup u WHERE u.span = 'DAY' AND u.start = day;
    INSERT INTO usage_rollup (account_id, group_id, span, start, calls, charged, images_requested, images_ran,
                              label_texts_requested, label_texts_ran, embeddings_requested, embeddings_ran, latency)
      SELECT d.account_id, d.group_id, 'DAY', d.start, d.calls, d.charged, d.images_requested, d.images_ran,
             d.label_texts_requested, d.label_texts_ran, d.embeddings_requested, d.embeddings_ran, d.latency
        FROM usage_days_of(day, day + interval '24 hours') d ORDER BY d.account_id, d.group_id;
    INSERT INTO usage_rolled (span, start) VALUES ('DAY', day);
  END LOOP;
  RETURN cardinality(days);
END
$$;

-- Up to when no run can be added any more: whoever read the ledger's clock before has its transaction's number
-- by then, as it has locked a balance first, and must have ended. Each call moves the fence on; two minutes
-- are kept for a clock that goes back a little. One that goes back further takes the marks after it with it.
CREATE FUNCTION "usage_close"() RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
  f usage_fence;
  t timestamptz;
  oldest bigint;
  next bigint;
BEGIN
  t := ledger_now();
  -- After the clock was read: its snapshot knows all who read it before.
  SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint INTO oldest, next
    FROM pg_current_snapshot() AS s;
  SELECT * INTO f FROM usage_fence;
  IF f.id IS NULL THEN
    INSERT INTO usage_fence (closed_until, fenced_at, fence_xid, first_hour)
      SELECT x.start, t, next, x.start
        FROM (SELECT date_trunc('hour', least(min(a.created_at), t), 'UTC') AS start FROM account a) x
      RETURNING * INTO f;
  ELSIF t < f.fenced_at THEN
    DELETE FROM usage_rolled r
     WHERE r.start + CASE r.span WHEN 'DAY' THEN interval '24 hours' ELSE interval '1 hour' END > t;
    UPDATE usage_fence x SET closed_until = least(f.closed_until, t), fenced_at = t, fence_xid = next
      RETURNING * INTO f;
  ELSIF oldest >= f.fence_xid THEN
    UPDATE usage_fence x SET closed_until = f.fenced_at - interval '2 minutes', fenced_at = t, fence_xid = next
      RETURNING * INTO f;
  END IF;
  RETURN f.closed_until;
END
$$;

-- One turn: some hours that are over and have no roll-ups, or wrong ones, the newest first. Returns how many;
-- 0 too while another process is at it.
CREATE FUNCTION "usage_roll_up_turn"("at_most" int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  closed timestamptz;
  hours timestamptz[];
BEGIN
  IF NOT pg_try_advisory_xact_lock(7270236920) THEN
    RETURN 0;
  END IF;
  closed := date_trunc('hour', usage_close(), 'UTC');
  hours := ARRAY(
    SELECT d.hour FROM usage_dirty d WHERE d.hour < closed
    UNION
    SELECT h FROM usage_fence f, generate_series(f.first_hour, closed - interval '1 hour', interval '1 hour') AS h
     WHERE NOT EXISTS (SELECT FROM usage_rolled r WHERE r.span = 'HOUR' AND r.start = h)
    ORDER BY 1 DESC LIMIT at_most);
  IF cardinality(hours) > 0 THEN
    PERFORM usage_roll_up(hours);
  END IF;
  PERFORM usage_roll_up_days(at_most);
  RETURN cardinality(hours);
END
$$;

-- Makes the roll-ups of the hours in [lo, hi) anew that are over, and of their days. Returns how many hours.
CREATE FUNCTION "usage_rebuild"("lo" timestamptz, "hi" timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  hours timestamptz[];
BEGIN
  PERFORM pg_advisory_xact_lock(7270236920);
  hours := ARRAY(
    SELECT h FROM generate_series(date_trunc('hour', lo, 'UTC'),
                                  least(hi, date_trunc('hour', usage_close(), 'UTC')) - interval '1 hour', interval '1 hour') AS h);
  IF cardinality(hours) > 0 THEN
    PERFORM usage_roll_up(hours);
    PERFORM usage_roll_up_days(cardinality(hours) / 24 + 2);
  END IF;
  RETURN cardinality(hours);
END
$$;

-- ── what makes roll-ups wrong ───────────────────────────────────────────────────────────────────────

-- The one change of a run: its hold had expired, and it is captured after all. Two hours are wrong then.
CREATE FUNCTION "usage_run_has_moved"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO usage_dirty (hour)
    VALUES (date_trunc('hour', OLD.ended_at, 'UTC')), (date_trunc('hour', NEW.ended_at, 'UTC'));
  RETURN NULL;
END
$$;

CREATE TRIGGER "run_has_moved"
  AFTER UPDATE ON "run"
  FOR EACH ROW EXECUTE FUNCTION "usage_run_has_moved"();

-- Roll-ups that somebody takes away or changes are made again.
CREATE FUNCTION "usage_rollups_are_gone"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM usage_rolled;
  ELSE
    INSERT INTO usage_dirty (hour) SELECT DISTINCT g.start FROM gone g;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER "usage_rollup_is_gone"
  AFTER DELETE ON "usage_rollup" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT WHEN (current_setting('gigarouter.rolls_up', true) IS DISTINCT FROM 'on')
  EXECUTE FUNCTION "usage_rollups_are_gone"();
CREATE TRIGGER "usage_rollup_is_changed"
  AFTER UPDATE ON "usage_rollup" REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION "usage_rollups_are_gone"();
CREATE TRIGGER "usage_rollup_is_truncated"
  AFTER TRUNCATE ON "usage_rollup"
  FOR EACH STATEMENT EXECUTE FUNCTION "usage_rollups_are_gone"();
