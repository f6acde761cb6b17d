-- AlterTable
ALTER TABLE "outbox_message" ADD COLUMN "report_id" TEXT;

-- CreateTable
CREATE TABLE "top_up_policy" (
    "account_id" TEXT NOT NULL,
    "enabled" BOOLEAN NOT NULL,
    "threshold_nanos" BIGINT NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,
    "monthly_cap_minor" BIGINT NOT NULL,
    "consent" TEXT NOT NULL,
    "consented_at" TIMESTAMPTZ(3) NOT NULL,
    "consented_by" TEXT NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "off_reason" TEXT,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "top_up_policy_pkey" PRIMARY KEY ("account_id")
);

-- CreateTable
CREATE TABLE "promo_code" (
    "code" TEXT NOT NULL,
    "nanos" BIGINT NOT NULL,
    "credit_days" INTEGER,
    "redemptions_max" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ(3),
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "promo_code_pkey" PRIMARY KEY ("code")
);

-- CreateTable
CREATE TABLE "promo_redemption" (
    "code" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "promo_redemption_pkey" PRIMARY KEY ("code", "account_id")
);

-- CreateTable
CREATE TABLE "usage_report" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "hour" TIMESTAMPTZ(3) NOT NULL,
    "part" INTEGER NOT NULL,
    "nanos" BIGINT NOT NULL,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sent_at" TIMESTAMPTZ(3),
    "dead_reason" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "usage_report_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "usage_report_account_id_hour_part_key" ON "usage_report"("account_id", "hour", "part");

-- CreateIndex
CREATE INDEX "outbox_message_report_id_idx" ON "outbox_message"("report_id");

-- AddForeignKey
ALTER TABLE "promo_redemption" ADD CONSTRAINT "promo_redemption_code_fkey" FOREIGN KEY ("code") REFERENCES "promo_code"("code") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ── guards ──────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE "top_up_policy" ADD CONSTRAINT "top_up_is_within_cap"
  CHECK ("threshold_nanos" > 0 AND "amount_minor" > 0 AND "monthly_cap_minor" >= "amount_minor");

ALTER TABLE "promo_code" ADD CONSTRAINT "promo_gives_credit"
  CHECK ("nanos" > 0 AND "redemptions_max" > 0 AND ("credit_days" IS NULL OR "credit_days" > 0));

ALTER TABLE "usage_report" ADD CONSTRAINT "usage_report_counts" CHECK ("nanos" > 0);

CREATE INDEX "top_up_policy_due_idx" ON "top_up_policy" ("next_attempt_at") WHERE "enabled";

CREATE INDEX "usage_report_unsent_idx" ON "usage_report" ("not_before") WHERE "sent_at" IS NULL;
