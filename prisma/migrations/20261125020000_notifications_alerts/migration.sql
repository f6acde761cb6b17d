-- CreateEnum
CREATE TYPE "DeliveryState" AS ENUM ('WAITING', 'DELIVERED', 'DEAD');

-- CreateEnum
CREATE TYPE "AlertKind" AS ENUM ('LOW_BALANCE', 'SPEND', 'ERROR_RATE', 'KEY_NEAR_CAP');

-- CreateEnum
CREATE TYPE "BudgetPeriod" AS ENUM ('DAY', 'MONTH');

-- CreateTable
CREATE TABLE "notification" (
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "account_id" TEXT,
    "data" JSONB NOT NULL,
    "mail_subject" TEXT,
    "mail_text" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "notification_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "notification_delivery" (
    "id" TEXT NOT NULL,
    "notification_id" TEXT NOT NULL,
    "queue" TEXT NOT NULL,
    "endpoint_id" TEXT,
    "recipient" TEXT,
    "state" "DeliveryState" NOT NULL DEFAULT 'WAITING',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(3),
    "attempted_at" TIMESTAMPTZ(3),
    "response_code" INTEGER,
    "duration_ms" INTEGER,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),
    "dismissed_at" TIMESTAMPTZ(3),

    CONSTRAINT "notification_delivery_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_endpoint" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "types" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_secret_until" TIMESTAMPTZ(3),
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "disabled_reason" TEXT,
    "disabled_count" INTEGER NOT NULL DEFAULT 0,
    "failing_since" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_endpoint_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "alert_rule" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "kind" "AlertKind" NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "threshold_nanos" BIGINT,
    "period" "BudgetPeriod",
    "threshold_share" DOUBLE PRECISION,
    "window_minutes" INTEGER,
    "calls_min" INTEGER,
    "key_id" TEXT,
    "by_mail" BOOLEAN NOT NULL DEFAULT true,
    "by_webhook" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_rule_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "alert_state" (
    "rule_id" TEXT NOT NULL,
    "subject" TEXT NOT NULL DEFAULT '',
    "period" TIMESTAMPTZ(3),
    "crossings" INTEGER NOT NULL DEFAULT 0,
    "fired_at" TIMESTAMPTZ(3),
    "value" BIGINT NOT NULL DEFAULT 0,
    "version" BIGINT NOT NULL DEFAULT 0,
    "checked_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_state_pkey" PRIMARY KEY ("rule_id","subject")
);

-- CreateIndex
CREATE INDEX "notification_created_at_idx" ON "notification"("created_at");

-- CreateIndex
CREATE INDEX "notification_delivery_endpoint_id_id_idx" ON "notification_delivery"("endpoint_id", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "notification_delivery_notification_id_endpoint_id_key" ON "notification_delivery"("notification_id", "endpoint_id");

-- CreateIndex
CREATE UNIQUE INDEX "notification_delivery_notification_id_recipient_key" ON "notification_delivery"("notification_id", "recipient");

-- CreateIndex
CREATE INDEX "webhook_endpoint_account_id_idx" ON "webhook_endpoint"("account_id");

-- CreateIndex
CREATE INDEX "alert_rule_kind_idx" ON "alert_rule"("kind");

-- CreateIndex
CREATE INDEX "alert_rule_account_id_idx" ON "alert_rule"("account_id");

-- AddForeignKey
ALTER TABLE "notification_delivery" ADD CONSTRAINT "notification_delivery_notification_id_fkey" FOREIGN KEY ("notification_id") REFERENCES "notification"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "notification_delivery" ADD CONSTRAINT "notification_delivery_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoint"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "alert_state" ADD CONSTRAINT "alert_state_rule_id_fkey" FOREIGN KEY ("rule_id") REFERENCES "alert_rule"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- ── guards ──────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE "notification" ADD CONSTRAINT "notification_mail_is_whole"
  CHECK (("mail_subject" IS NULL) = ("mail_text" IS NULL));

ALTER TABLE "notification_delivery"
  ADD CONSTRAINT "delivery_goes_to_one" CHECK (("endpoint_id" IS NULL) <> ("recipient" IS NULL)),
  ADD CONSTRAINT "delivery_queue_is_of_its_receiver" CHECK ("queue" = coalesce("endpoint_id", 'mail')),
  ADD CONSTRAINT "delivery_ends_when_it_does_not_wait" CHECK (("state" = 'WAITING') = ("ended_at" IS NULL)),
  ADD CONSTRAINT "delivery_in_hand_waits" CHECK ("lease_until" IS NULL OR "state" = 'WAITING');

ALTER TABLE "webhook_endpoint" ADD CONSTRAINT "webhook_previous_secret_ends"
  CHECK (("previous_secret" IS NULL) = ("previous_secret_until" IS NULL));

ALTER TABLE "alert_rule" ADD CONSTRAINT "alert_rule_says_what_its_kind_needs" CHECK (
  CASE "kind"
    WHEN 'LOW_BALANCE' THEN "threshold_nanos" > 0
    WHEN 'SPEND' THEN "threshold_nanos" > 0 AND "period" IS NOT NULL
    WHEN 'ERROR_RATE' THEN "threshold_share" > 0 AND "threshold_share" <= 1 AND "window_minutes" > 0 AND "calls_min" > 0
    ELSE "threshold_share" > 0 AND "threshold_share" <= 1
  END);

-- What waits, queue by queue: the worker hops from one queue to the next over this.
CREATE INDEX "notification_delivery_waiting_idx" ON "notification_delivery" ("queue", "next_attempt_at", "id")
  WHERE "state" = 'WAITING';

CREATE INDEX "notification_delivery_in_hand_idx" ON "notification_delivery" ("queue") WHERE "lease_until" IS NOT NULL;

-- Given up, and not looked at yet: what operators see.
CREATE INDEX "notification_delivery_given_up_idx" ON "notification_delivery" ("ended_at", "id" COLLATE "C")
  WHERE "state" = 'DEAD' AND "dismissed_at" IS NULL;

-- Given up: counted for /metrics.
CREATE INDEX "notification_delivery_dead_idx" ON "notification_delivery" ("endpoint_id") WHERE "state" = 'DEAD';

-- Every account is told when its credit falls below one dollar. The rule begins as one that has fired: a new account
-- has nothing yet, and is told only once it has had more than that.
CREATE FUNCTION "default_alert"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  rule text := 'alr_' || substr(NEW.id, length('acct_') + 1);
BEGIN
  INSERT INTO alert_rule (id, account_id, kind, threshold_nanos)
    VALUES (rule, NEW.id, 'LOW_BALANCE', 1000000000) ON CONFLICT DO NOTHING;
  INSERT INTO alert_state (rule_id, fired_at) VALUES (rule, CURRENT_TIMESTAMP) ON CONFLICT DO NOTHING;
  RETURN NULL;
END
$$;

CREATE TRIGGER "account_has_default_alert"
  AFTER INSERT ON "account"
  FOR EACH ROW EXECUTE FUNCTION "default_alert"();

-- Accounts from before have one too, by the same rule.
INSERT INTO alert_rule (id, account_id, kind, threshold_nanos)
  SELECT 'alr_' || substr(id, length('acct_') + 1), id, 'LOW_BALANCE', 1000000000 FROM account WHERE status = 'ACTIVE';
INSERT INTO alert_state (rule_id, fired_at) SELECT id, CURRENT_TIMESTAMP FROM alert_rule;
