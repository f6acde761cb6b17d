-- What is compared with the clock is not rounded: a moment that is rounded up has not come yet.
ALTER TABLE "stripe_event" ALTER COLUMN "not_before" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "top_up_policy" ALTER COLUMN "next_attempt_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "usage_report" ALTER COLUMN "not_before" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "model_check" ALTER COLUMN "due_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "hub_record" ALTER COLUMN "due_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "notification_delivery"
  ALTER COLUMN "next_attempt_at" SET DATA TYPE TIMESTAMPTZ(6),
  ALTER COLUMN "lease_until" SET DATA TYPE TIMESTAMPTZ(6);
