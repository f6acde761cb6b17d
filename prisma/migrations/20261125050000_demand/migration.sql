-- Who asks for which model (src/demand/README.md).

CREATE TYPE "DemandStage" AS ENUM ('REQUESTED', 'BENCHMARKING', 'ONBOARDING');

ALTER TABLE "model" ADD COLUMN "request_count" INTEGER NOT NULL DEFAULT 0;

CREATE TABLE "model_request" (
    "id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "account_id" TEXT,
    "user_id" TEXT,
    "email" TEXT,
    "mailbox" TEXT,
    "use_case" TEXT,
    "monthly_volume" BIGINT,
    "contact_ok" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "withdrawn_at" TIMESTAMPTZ(3),
    "early_access_at" TIMESTAMPTZ(3),
    "notified_at" TIMESTAMPTZ(3),
    "launch_credit_nanos" BIGINT,

    CONSTRAINT "model_request_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "model_plan" (
    "model_id" TEXT NOT NULL,
    "stage" "DemandStage" NOT NULL DEFAULT 'REQUESTED',
    "expected_on" TEXT,
    "early_access_count" INTEGER NOT NULL DEFAULT 0,
    "launch_credit_nanos" BIGINT NOT NULL DEFAULT 0,
    "launch_credit_count" INTEGER NOT NULL DEFAULT 0,
    "launch_credits_given" INTEGER NOT NULL DEFAULT 0,
    "early_access_given" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "model_plan_pkey" PRIMARY KEY ("model_id")
);

CREATE TABLE "demand_comment" (
    "id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "user_id" TEXT,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "demand_comment_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "model_request_account_id_model_id_key" ON "model_request"("account_id", "model_id");
CREATE UNIQUE INDEX "model_request_mailbox_model_id_key" ON "model_request"("mailbox", "model_id");
CREATE INDEX "model_request_model_id_created_at_id_idx" ON "model_request"("model_id", "created_at", "id");
CREATE INDEX "demand_comment_model_id_id_idx" ON "demand_comment"("model_id", "id" DESC);

ALTER TABLE "model_request" ADD CONSTRAINT "model_request_model_id_fkey"
  FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "model_plan" ADD CONSTRAINT "model_plan_model_id_fkey"
  FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "demand_comment" ADD CONSTRAINT "demand_comment_model_id_fkey"
  FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "model_request"
  ADD CONSTRAINT "model_request_is_somebodys"
    CHECK (("account_id" IS NULL) <> ("email" IS NULL) AND ("email" IS NULL) = ("mailbox" IS NULL)),
  ADD CONSTRAINT "model_request_volume_is_not_negative" CHECK ("monthly_volume" >= 0);

ALTER TABLE "model_plan"
  ADD CONSTRAINT "model_plan_gives_no_more_than_planned" CHECK (
    "early_access_given" BETWEEN 0 AND "early_access_count"
    AND "launch_credits_given" BETWEEN 0 AND "launch_credit_count" AND "launch_credit_nanos" >= 0);

-- Those who wait to be told that their model is live.
CREATE INDEX "model_request_waiting_idx" ON "model_request" ("model_id", "created_at", "id")
  WHERE "notified_at" IS NULL AND "withdrawn_at" IS NULL;

-- Lists are ordered by it.
CREATE INDEX "model_request_count_idx" ON "model" ("request_count" DESC, "id");

-- Names at the Hugging Face Hub differ in more than case.
CREATE UNIQUE INDEX "model_slug_lower_idx" ON "model" (lower("slug"));
CREATE INDEX "model_alias_slug_lower_idx" ON "model_alias" (lower("slug"));

-- The count is kept with the rows that it counts, in the same transaction, whoever writes them.
CREATE FUNCTION "count_model_requests"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.withdrawn_at IS NULL THEN
    UPDATE model SET request_count = request_count - 1 WHERE id = OLD.model_id;
  END IF;
  IF TG_OP <> 'DELETE' AND NEW.withdrawn_at IS NULL THEN
    UPDATE model SET request_count = request_count + 1 WHERE id = NEW.model_id;
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER "model_request_is_counted"
  AFTER INSERT OR DELETE OR UPDATE OF "model_id", "withdrawn_at" ON "model_request"
  FOR EACH ROW EXECUTE FUNCTION "count_model_requests"();
