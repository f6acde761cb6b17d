-- What operators do: freeze accounts and change their limits, end promo codes, look after what was given up and
-- after background work, and read what was done.

-- Not used in this migration: a new value is known once its transaction has ended.
ALTER TYPE "AccountStatus" ADD VALUE 'FROZEN';

ALTER TABLE "account"
  ADD COLUMN "frozen_at" TIMESTAMPTZ(3),
  ADD COLUMN "frozen_reason" TEXT,
  ADD COLUMN "rate_per_minute" INTEGER,
  ADD COLUMN "concurrency_max" INTEGER;

-- The status is compared as text, as the value is new.
ALTER TABLE "account"
  ADD CONSTRAINT "account_is_frozen_for_a_reason"
    CHECK (("status"::text = 'FROZEN') = ("frozen_reason" IS NOT NULL AND "frozen_at" IS NOT NULL)
       AND ("frozen_reason" IS NULL) = ("frozen_at" IS NULL)),
  ADD CONSTRAINT "account_limits_are_positive" CHECK ("rate_per_minute" >= 1 AND "concurrency_max" >= 1);

-- Every replica forgets what it knows of the account's keys: who is frozen, and how much is allowed, comes with
-- them.
CREATE FUNCTION "announce_account_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('api_key_changed', k.id) FROM api_key k
    WHERE k.account_id = NEW.id AND (k.revoked_at IS NULL OR k.revoked_at > now());
  RETURN NULL;
END
$$;

CREATE TRIGGER "account_change_is_announced"
  AFTER UPDATE OF "status", "frozen_reason", "rate_per_minute", "concurrency_max" ON "account"
  FOR EACH ROW EXECUTE FUNCTION "announce_account_change"();

-- ── search: a part of a name or an address, the beginning of a key ───────────────────────────────────

CREATE INDEX "account_name_search_idx" ON "account" USING gin (lower("name") gin_trgm_ops);
CREATE INDEX "app_user_email_search_idx" ON "app_user" USING gin (lower("email") gin_trgm_ops);
CREATE INDEX "api_key_prefix_search_idx" ON "api_key" (lower("prefix") text_pattern_ops);
CREATE INDEX "app_user_operator_idx" ON "app_user" ("id") WHERE "operator";

-- ── the audit log over all accounts ──────────────────────────────────────────────────────────────────

CREATE INDEX "audit_event_created_at_id_idx" ON "audit_event" ("created_at" DESC, "id" DESC);
CREATE INDEX "audit_event_account_id_created_at_id_idx" ON "audit_event" ("account_id", "created_at" DESC, "id" DESC);
CREATE INDEX "audit_event_user_id_created_at_id_idx" ON "audit_event" ("user_id", "created_at" DESC, "id" DESC);
CREATE INDEX "audit_event_action_created_at_id_idx" ON "audit_event" ("action", "created_at" DESC, "id" DESC);
CREATE INDEX "audit_event_target_created_at_id_idx" ON "audit_event" ("target", "created_at" DESC, "id" DESC);

-- ── promo codes ──────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE "promo_code" ADD COLUMN "disabled_at" TIMESTAMPTZ(3);

-- ── dead letters ─────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE "stripe_event" ADD COLUMN "dismissed_at" TIMESTAMPTZ(3);
ALTER TABLE "usage_report" ADD COLUMN "dead_at" TIMESTAMPTZ(3), ADD COLUMN "dismissed_at" TIMESTAMPTZ(3);
ALTER TABLE "outbox_message" ADD COLUMN "dead_at" TIMESTAMPTZ(3), ADD COLUMN "dismissed_at" TIMESTAMPTZ(3);
-- Nobody wrote down when.
UPDATE "usage_report" SET "dead_at" = "created_at" WHERE "dead_reason" IS NOT NULL;
UPDATE "outbox_message" SET "dead_at" = "created_at" WHERE "dead_reason" IS NOT NULL;
ALTER TABLE "usage_report" ADD CONSTRAINT "usage_report_died_some_time"
  CHECK (("dead_reason" IS NULL) = ("dead_at" IS NULL));
ALTER TABLE "outbox_message" ADD CONSTRAINT "outbox_message_died_some_time"
  CHECK (("dead_reason" IS NULL) = ("dead_at" IS NULL));

CREATE INDEX "stripe_event_dead_idx" ON "stripe_event" ("dead_at" DESC, "id" COLLATE "C" DESC)
  WHERE "dead_at" IS NOT NULL AND "handled_at" IS NULL AND "dismissed_at" IS NULL;
CREATE INDEX "usage_report_dead_idx" ON "usage_report" ("dead_at" DESC, "id" COLLATE "C" DESC)
  WHERE "dead_at" IS NOT NULL AND "dismissed_at" IS NULL;
CREATE INDEX "outbox_message_dead_idx" ON "outbox_message" ("dead_at" DESC, "id" COLLATE "C" DESC)
  WHERE "dead_at" IS NOT NULL AND "dismissed_at" IS NULL;

-- ── background work ──────────────────────────────────────────────────────────────────────────────────

CREATE TABLE "background_job" (
    "process_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "every_ms" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "last_started_at" TIMESTAMPTZ(3),
    "last_ended_at" TIMESTAMPTZ(3),
    "duration_ms" INTEGER,
    "last_error" TEXT,
    "last_error_at" TIMESTAMPTZ(3),
    "turns" BIGINT NOT NULL DEFAULT 0,
    "failures" BIGINT NOT NULL DEFAULT 0,
    "failures_in_row" INTEGER NOT NULL DEFAULT 0,
    "next_turn_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "background_job_pkey" PRIMARY KEY ("process_id", "name")
);
