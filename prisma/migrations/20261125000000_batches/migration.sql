-- CreateEnum
CREATE TYPE "BatchStatus" AS ENUM ('FAILED', 'IN_PROGRESS', 'CANCELLING', 'FINALIZING', 'COMPLETED', 'EXPIRED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "BatchLineState" AS ENUM ('OPEN', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED');

-- AlterTable
ALTER TABLE "upload" ADD COLUMN "filename" TEXT NOT NULL DEFAULT 'upload',
ADD COLUMN "purpose" TEXT NOT NULL DEFAULT 'vision',
ALTER COLUMN "bytes" SET DATA TYPE BIGINT;

-- DropIndex
DROP INDEX "upload_account_id_idx";

-- CreateIndex
CREATE INDEX "upload_account_id_id_idx" ON "upload"("account_id", "id");

-- CreateTable
CREATE TABLE "batch" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "key_id" TEXT,
    "endpoint" TEXT NOT NULL,
    "status" "BatchStatus" NOT NULL,
    "input_file_id" TEXT NOT NULL,
    "output_file_id" TEXT NOT NULL,
    "error_file_id" TEXT NOT NULL,
    "metadata" JSONB,
    "errors" JSONB NOT NULL DEFAULT '[]',
    "idempotency_key" TEXT,
    "request_hash" BYTEA,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "cancelling_at" TIMESTAMPTZ(3),
    "finalizing_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "free_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "done" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "batch_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "batch_line" (
    "batch_id" TEXT NOT NULL,
    "line" INTEGER NOT NULL,
    "custom_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "held_nanos" BIGINT NOT NULL,
    "units" JSONB NOT NULL,
    "offset" INTEGER NOT NULL,
    "bytes" INTEGER NOT NULL,
    "state" "BatchLineState" NOT NULL DEFAULT 'OPEN',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "free_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "charged_nanos" BIGINT,
    "answer" TEXT,

    CONSTRAINT "batch_line_pkey" PRIMARY KEY ("batch_id","line")
);

-- CreateIndex
CREATE UNIQUE INDEX "batch_account_id_idempotency_key_key" ON "batch"("account_id", "idempotency_key");

-- CreateIndex
CREATE INDEX "batch_account_id_id_idx" ON "batch"("account_id", "id");

-- CreateIndex
CREATE UNIQUE INDEX "batch_line_run_id_key" ON "batch_line"("run_id");

-- CreateIndex
CREATE INDEX "batch_line_batch_id_state_idx" ON "batch_line"("batch_id", "state");

-- AddForeignKey
ALTER TABLE "batch_line" ADD CONSTRAINT "batch_line_batch_id_fkey" FOREIGN KEY ("batch_id") REFERENCES "batch"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ── guards ──────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE "batch" ADD CONSTRAINT "batch_key_has_hash"
  CHECK (("idempotency_key" IS NULL) = ("request_hash" IS NULL));

ALTER TABLE "batch_line" ADD CONSTRAINT "batch_line_is_charged_when_completed"
  CHECK (("state" = 'COMPLETED') = ("charged_nanos" IS NOT NULL)),
  ADD CONSTRAINT "batch_line_charge_is_within_hold" CHECK ("charged_nanos" BETWEEN 0 AND "held_nanos");

CREATE TRIGGER "batch_line_ends_once"
  BEFORE UPDATE ON "batch_line"
  FOR EACH ROW WHEN (OLD.state <> 'OPEN' AND NEW.state <> OLD.state)
  EXECUTE FUNCTION "refuse_change"();

-- What is next: lines by their number, so that batches take turns.
CREATE INDEX "batch_line_open_idx" ON "batch_line" ("line", "batch_id") WHERE "state" = 'OPEN';

CREATE INDEX "batch_not_done_idx" ON "batch" ("id") WHERE NOT "done";

-- ── credit for many runs ────────────────────────────────────────────────────────────────────────────

-- Sets credit aside for many runs of an account, or for none of them: the conditions of ledger_hold, once for
-- their sum. To be called in the transaction that writes down what the runs are for, and to be repeated only with
-- it.
--
-- Fifty thousand rows take a while, and whoever waits for the lock of the balance waits with a group of others:
-- the rows are written first, where nobody sees them, and the lock is taken for the decision alone. They count as
-- made when they were written, unless credit has expired since: nobody may hold that.
CREATE FUNCTION "ledger_hold_all"("account" text, "key" text, "ttl_ms" float8, "commands" json)
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
   WHERE s.key_id = key AND s.cap_window = spend_window;
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
    INSERT INTO key_spend AS s (key_id, cap_window, held) VALUES (key, spend_window, amount)
      ON CONFLICT (key_id, cap_window) DO UPDATE SET held = s.held + EXCLUDED.held;
  END IF;
  RETURN NEXT;
END
$$;
