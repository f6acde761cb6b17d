-- AlterEnum
-- Not used below: a value that a transaction adds cannot be used in it.
ALTER TYPE "ModelStatus" ADD VALUE 'DEGRADED' AFTER 'LIVE';

-- CreateEnum
CREATE TYPE "ProviderProtocol" AS ENUM ('BUILT_IN', 'OPEN_INFERENCE');

-- CreateEnum
CREATE TYPE "ProviderHealth" AS ENUM ('UNKNOWN', 'READY', 'UNREACHABLE', 'WRONG_SCORES');

-- CreateEnum
CREATE TYPE "ModelChangeKind" AS ENUM ('ADDED', 'STAGE', 'PUBLISHED', 'PRICE', 'DEGRADED', 'RESTORED', 'DEPRECATED', 'RETIRED', 'RENAMED', 'HUB', 'NOTE');

-- AlterTable
ALTER TABLE "model" ADD COLUMN "likes" INTEGER,
  ADD COLUMN "served_as" TEXT;

-- AlterTable
ALTER TABLE "price_version" ADD COLUMN "revision" INTEGER NOT NULL DEFAULT 1;

-- DropIndex
DROP INDEX "price_version_model_id_unit_effective_from_key";

-- CreateIndex
CREATE UNIQUE INDEX "price_version_model_id_unit_effective_from_revision_key" ON "price_version"("model_id", "unit", "effective_from", "revision");

-- CreateTable
CREATE TABLE "model_provider" (
    "id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "protocol" "ProviderProtocol" NOT NULL,
    "url" TEXT,
    "token" TEXT,
    "costs" JSONB NOT NULL DEFAULT '{}',
    "priority" INTEGER NOT NULL DEFAULT 0,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "edition" INTEGER NOT NULL DEFAULT 1,
    "verified" BOOLEAN NOT NULL DEFAULT false,
    "health" "ProviderHealth" NOT NULL DEFAULT 'UNKNOWN',
    "checked_at" TIMESTAMPTZ(3),
    "latency_ms" INTEGER,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,

    CONSTRAINT "model_provider_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model_check" (
    "model_id" TEXT NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease" INTEGER NOT NULL DEFAULT 0,
    "checked_at" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "missing" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "problem" TEXT,
    "returns_to" "ModelStatus",

    CONSTRAINT "model_check_pkey" PRIMARY KEY ("model_id")
);

-- CreateTable
CREATE TABLE "model_change" (
    "id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "kind" "ModelChangeKind" NOT NULL,
    "text" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_change_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "hub_record" (
    "model_id" TEXT NOT NULL,
    "etag" TEXT,
    "values" JSONB,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease" INTEGER NOT NULL DEFAULT 0,
    "synced_at" TIMESTAMPTZ(3),
    "gone_at" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,

    CONSTRAINT "hub_record_pkey" PRIMARY KEY ("model_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "model_provider_model_id_name_key" ON "model_provider"("model_id", "name");

-- CreateIndex
CREATE INDEX "model_check_due_at_idx" ON "model_check"("due_at");

-- CreateIndex
CREATE INDEX "model_change_model_id_id_idx" ON "model_change"("model_id", "id" DESC);

-- CreateIndex
CREATE INDEX "hub_record_due_at_idx" ON "hub_record"("due_at");

-- AddForeignKey
ALTER TABLE "model_provider" ADD CONSTRAINT "model_provider_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_check" ADD CONSTRAINT "model_check_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_change" ADD CONSTRAINT "model_change_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "hub_record" ADD CONSTRAINT "hub_record_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema cannot say.

ALTER TABLE "model"
  ADD CONSTRAINT "model_likes_are_natural" CHECK ("likes" >= 0);

ALTER TABLE "price_version"
  ADD CONSTRAINT "price_version_revision_counts" CHECK ("revision" >= 1);

ALTER TABLE "model_provider"
  ADD CONSTRAINT "model_provider_has_an_address" CHECK (
    CASE "protocol" WHEN 'BUILT_IN' THEN "url" IS NULL AND "token" IS NULL ELSE "url" IS NOT NULL END
  ),
  ADD CONSTRAINT "model_provider_figures" CHECK (
    "priority" BETWEEN 0 AND 1000 AND "failures" >= 0 AND "latency_ms" >= 0
  );

-- A model has the built-in predictor at most once.
CREATE UNIQUE INDEX "model_provider_built_in_once" ON "model_provider"("model_id") WHERE "protocol" = 'BUILT_IN';

-- What was said of a model stays said.
CREATE TRIGGER "model_change_is_append_only"
  BEFORE UPDATE ON "model_change"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
