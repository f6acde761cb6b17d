-- CreateEnum
CREATE TYPE "ModelStatus" AS ENUM ('COMING_SOON', 'LIVE', 'DEPRECATED', 'RETIRED');

-- CreateEnum
CREATE TYPE "ModelTask" AS ENUM ('ZERO_SHOT_IMAGE_CLASSIFICATION', 'IMAGE_CLASSIFICATION', 'IMAGE_FEATURE_EXTRACTION', 'FEATURE_EXTRACTION');

-- CreateEnum
CREATE TYPE "PriceUnit" AS ENUM ('IMAGE', 'LABEL_TEXT', 'EMBEDDING');

-- CreateTable
CREATE TABLE "model" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "task" "ModelTask" NOT NULL,
    "status" "ModelStatus" NOT NULL,
    "status_changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "summary" TEXT NOT NULL,
    "about" TEXT,
    "published_on" TEXT,
    "updated_on" TEXT,
    "downloads_per_month" INTEGER,
    "api_providers" INTEGER NOT NULL DEFAULT 0,
    "license" TEXT,
    "parameters" BIGINT,
    "image_size_px" INTEGER,
    "patch_size_px" INTEGER,
    "specs" JSONB NOT NULL DEFAULT '[]',
    "best_for" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "faq" JSONB NOT NULL DEFAULT '[]',
    "snippets" JSONB NOT NULL DEFAULT '[]',
    "related_slugs" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "model_alias" (
    "slug" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,

    CONSTRAINT "model_alias_pkey" PRIMARY KEY ("slug")
);

-- CreateTable
CREATE TABLE "price_version" (
    "id" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "unit" "PriceUnit" NOT NULL,
    "nanos_per_unit" BIGINT NOT NULL,
    "effective_from" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "price_version_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "catalog_seed" (
    "slug" TEXT NOT NULL,
    "values" JSONB NOT NULL,
    "seeded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "catalog_seed_pkey" PRIMARY KEY ("slug")
);

-- CreateIndex
CREATE UNIQUE INDEX "model_slug_key" ON "model"("slug");

-- CreateIndex
CREATE INDEX "model_downloads_idx" ON "model"("downloads_per_month" DESC NULLS LAST, "id");

-- CreateIndex
CREATE INDEX "model_task_status_idx" ON "model"("task", "status");

-- CreateIndex
CREATE INDEX "model_alias_model_id_idx" ON "model_alias"("model_id");

-- CreateIndex
CREATE UNIQUE INDEX "price_version_model_id_unit_effective_from_key" ON "price_version"("model_id", "unit", "effective_from");

-- AddForeignKey
ALTER TABLE "model_alias" ADD CONSTRAINT "model_alias_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "price_version" ADD CONSTRAINT "price_version_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "model"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What Prisma's schema cannot say.

ALTER TABLE "model"
  ADD CONSTRAINT "model_published_on_is_date" CHECK ("published_on" ~ '^\d{4}(-\d\d(-\d\d)?)?$'),
  ADD CONSTRAINT "model_updated_on_is_date" CHECK ("updated_on" ~ '^\d{4}(-\d\d(-\d\d)?)?$'),
  ADD CONSTRAINT "model_counts_are_natural" CHECK (
    "downloads_per_month" >= 0 AND "api_providers" >= 0 AND "parameters" > 0
    AND "image_size_px" > 0 AND "patch_size_px" > 0
  );

ALTER TABLE "price_version"
  ADD CONSTRAINT "price_version_is_not_negative" CHECK ("nanos_per_unit" >= 0);

-- A price that was once in force stays what it was: a correction is a new version.
CREATE FUNCTION "refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER "price_version_is_append_only"
  BEFORE UPDATE OR DELETE ON "price_version"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();

CREATE TRIGGER "price_version_is_not_truncated"
  BEFORE TRUNCATE ON "price_version"
  FOR EACH STATEMENT EXECUTE FUNCTION "refuse_change"();

-- Search that forgives a typo compares trigrams. The function keeps index and query the same.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE FUNCTION "model_search_text"("slug" text, "name" text, "summary" text) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN lower("name" || ' ' || "slug" || ' ' || "summary");

CREATE INDEX "model_search_idx" ON "model"
  USING gin ("model_search_text"("slug", "name", "summary") gin_trgm_ops);
