-- What lists of runs are filtered by. Each index costs every call that ends, so there is none for what most calls have in
-- common, and a call that was answered, free or made with a key is in as few as it can be (src/usage/run-list.sql.ts).

-- Of powers of two: a call that cost more is in the same or a higher one.
CREATE FUNCTION "run_cost_bucket"("nanos" bigint) RETURNS int
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN floor(ln("nanos"::float8) / ln(2::float8))::int;

-- The account and the value are one text: no other index can be taken for it, whatever the planner believes about the
-- number of calls that have the value.
CREATE INDEX "run_call_idx" ON "run" (
  (("account_id" || ' ' || coalesce("details" ->> 'operation', '') || ' ' || coalesce("details" ->> 'model', '')) COLLATE "C"),
  "ended_at" DESC, "id");
CREATE INDEX "run_key_idx" ON "run" ("key_id", "ended_at" DESC, "id") WHERE "key_id" IS NOT NULL;
CREATE INDEX "run_actor_idx" ON "run" (("account_id" || ' ' || ("details" ->> 'actor')), "ended_at" DESC, "id")
  WHERE "key_id" IS NULL;
CREATE INDEX "run_failure_idx" ON "run" (
  ("account_id" || ' ' || CASE "outcome" WHEN 'EXPIRED' THEN 'EXPIRED' ELSE coalesce("details" ->> 'errorCode', 'VOIDED') END),
  "ended_at" DESC, "id") WHERE "outcome" <> 'CAPTURED';
CREATE INDEX "run_cost_idx" ON "run" (("account_id" || ' ' || "run_cost_bucket"("charged")::text), "ended_at" DESC, "id")
  WHERE "charged" > 0;
