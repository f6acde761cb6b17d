-- CreateEnum
CREATE TYPE "PurchaseKind" AS ENUM ('CHECKOUT', 'TOP_UP');

-- CreateEnum
CREATE TYPE "PurchaseState" AS ENUM ('PENDING', 'WAITING', 'PAID', 'FAILED', 'EXPIRED', 'REVIEW');

-- CreateEnum
CREATE TYPE "MovementKind" AS ENUM ('CHARGE', 'REFUND', 'DISPUTE');

-- CreateEnum
CREATE TYPE "RefundState" AS ENUM ('PENDING', 'DONE', 'FAILED');

-- CreateTable
CREATE TABLE "purchase" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "kind" "PurchaseKind" NOT NULL,
    "state" "PurchaseState" NOT NULL DEFAULT 'PENDING',
    "pack_id" TEXT,
    "credit_nanos" BIGINT NOT NULL,
    "bonus_nanos" BIGINT NOT NULL DEFAULT 0,
    "amount_minor" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,
    "save_card" BOOLEAN NOT NULL DEFAULT false,
    "idempotency_key" TEXT,
    "request_hash" BYTEA,
    "session_id" TEXT,
    "payment_intent_id" TEXT,
    "checkout_url" TEXT,
    "receipt_url" TEXT,
    "clawed_back_nanos" BIGINT NOT NULL DEFAULT 0,
    "reversals" INTEGER NOT NULL DEFAULT 0,
    "failure" TEXT,
    "actor" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "checked_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "purchase_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payment_movement" (
    "id" TEXT NOT NULL,
    "purchase_id" TEXT NOT NULL,
    "kind" "MovementKind" NOT NULL,
    "source" TEXT NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    "currency" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payment_movement_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "refund_request" (
    "id" TEXT NOT NULL,
    "purchase_id" TEXT NOT NULL,
    "amount_minor" BIGINT NOT NULL,
    "state" "RefundState" NOT NULL DEFAULT 'PENDING',
    "reason" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "idempotency_key" TEXT,
    "refund_id" TEXT,
    "failure" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "refund_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "payment_customer" (
    "account_id" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "customer_id" TEXT NOT NULL,
    "payment_method_id" TEXT,
    "card_brand" TEXT,
    "card_last_four" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "payment_customer_pkey" PRIMARY KEY ("account_id", "provider")
);

-- CreateTable
CREATE TABLE "stripe_event" (
    "endpoint" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "object_id" TEXT,
    "payload" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "not_before" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "handled_at" TIMESTAMPTZ(3),
    "error" TEXT,
    "dead_at" TIMESTAMPTZ(3),

    CONSTRAINT "stripe_event_pkey" PRIMARY KEY ("endpoint", "id")
);

-- CreateIndex
CREATE UNIQUE INDEX "purchase_session_id_key" ON "purchase"("session_id");

-- CreateIndex
CREATE UNIQUE INDEX "purchase_payment_intent_id_key" ON "purchase"("payment_intent_id");

-- CreateIndex
CREATE INDEX "purchase_account_id_id_idx" ON "purchase"("account_id", "id" DESC);

-- CreateIndex
CREATE UNIQUE INDEX "purchase_account_id_idempotency_key_key" ON "purchase"("account_id", "idempotency_key");

-- CreateIndex
CREATE INDEX "payment_movement_purchase_id_idx" ON "payment_movement"("purchase_id");

-- CreateIndex
CREATE INDEX "payment_movement_occurred_at_idx" ON "payment_movement"("occurred_at");

-- CreateIndex
CREATE UNIQUE INDEX "refund_request_refund_id_key" ON "refund_request"("refund_id");

-- CreateIndex
CREATE UNIQUE INDEX "refund_request_purchase_id_idempotency_key_key" ON "refund_request"("purchase_id", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "payment_customer_customer_id_key" ON "payment_customer"("customer_id");

-- AddForeignKey
ALTER TABLE "payment_movement" ADD CONSTRAINT "payment_movement_purchase_id_fkey" FOREIGN KEY ("purchase_id") REFERENCES "purchase"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "refund_request" ADD CONSTRAINT "refund_request_purchase_id_fkey" FOREIGN KEY ("purchase_id") REFERENCES "purchase"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- ── guards ──────────────────────────────────────────────────────────────────────────────────────────

ALTER TABLE "purchase"
  ADD CONSTRAINT "purchase_gives_credit" CHECK ("credit_nanos" > 0 AND "bonus_nanos" >= 0 AND "amount_minor" > 0),
  -- Never more is taken back than was given.
  ADD CONSTRAINT "purchase_claw_back_is_capped"
    CHECK ("clawed_back_nanos" BETWEEN 0 AND "credit_nanos" + "bonus_nanos"),
  ADD CONSTRAINT "purchase_key_has_hash" CHECK (("idempotency_key" IS NULL) = ("request_hash" IS NULL));

-- A charge comes in; refunds and disputes go either way.
ALTER TABLE "payment_movement"
  ADD CONSTRAINT "movement_moves_something" CHECK ("amount_minor" <> 0 AND ("kind" <> 'CHARGE' OR "amount_minor" > 0));

ALTER TABLE "refund_request" ADD CONSTRAINT "refund_gives_back" CHECK ("amount_minor" > 0);

-- One charge for each purchase.
CREATE UNIQUE INDEX "payment_movement_charge_idx" ON "payment_movement" ("purchase_id") WHERE "kind" = 'CHARGE';

-- An account is charged by itself once at a time.
CREATE UNIQUE INDEX "purchase_open_top_up_idx" ON "purchase" ("account_id")
  WHERE "kind" = 'TOP_UP' AND "state" IN ('PENDING', 'WAITING');

CREATE INDEX "purchase_open_idx" ON "purchase" ("checked_at" NULLS FIRST) WHERE "state" IN ('PENDING', 'WAITING');

-- Those that wait, and the few that were given up.
CREATE INDEX "stripe_event_unhandled_idx" ON "stripe_event" ("not_before") WHERE "handled_at" IS NULL;

CREATE INDEX "refund_request_pending_idx" ON "refund_request" ("created_at") WHERE "state" = 'PENDING';

CREATE TRIGGER "payment_movement_is_append_only"
  BEFORE UPDATE OR DELETE ON "payment_movement"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
CREATE TRIGGER "payment_movement_is_not_truncated"
  BEFORE TRUNCATE ON "payment_movement"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- What was sold, for how much and to whom, stays.
CREATE FUNCTION "keep_terms_of_purchase"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The terms of % cannot change', OLD.id USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER "purchase_terms_stay"
  BEFORE UPDATE ON "purchase"
  FOR EACH ROW WHEN (
    (OLD.account_id, OLD.provider, OLD.kind, OLD.credit_nanos, OLD.bonus_nanos, OLD.amount_minor, OLD.currency)
      IS DISTINCT FROM
    (NEW.account_id, NEW.provider, NEW.kind, NEW.credit_nanos, NEW.bonus_nanos, NEW.amount_minor, NEW.currency)
    OR (OLD.state = 'PAID' AND NEW.state <> 'PAID')
  ) EXECUTE FUNCTION "keep_terms_of_purchase"();
