-- Calls in the current minute, where replicas count together. Need not outlive a crash.
CREATE UNLOGGED TABLE "rate_limit" (
    "key" VARCHAR(255) NOT NULL,
    "points" INTEGER NOT NULL DEFAULT 0,
    "expire" BIGINT,

    CONSTRAINT "rate_limit_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "label_set" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "labels" TEXT[],
    "template" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "label_set_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "label_set_embedding" (
    "label_set_id" TEXT NOT NULL,
    "model_hash" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "vectors" BYTEA NOT NULL,

    CONSTRAINT "label_set_embedding_pkey" PRIMARY KEY ("label_set_id", "model_hash", "variant")
);

-- CreateTable
CREATE TABLE "upload" (
    "id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "media_type" TEXT NOT NULL,
    "sha256" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "upload_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "label_set_account_id_name_key" ON "label_set"("account_id", "name");

-- CreateIndex
CREATE INDEX "upload_expires_at_idx" ON "upload"("expires_at");

-- CreateIndex
CREATE INDEX "upload_account_id_idx" ON "upload"("account_id");

-- AddForeignKey
ALTER TABLE "label_set_embedding" ADD CONSTRAINT "label_set_embedding_label_set_id_fkey" FOREIGN KEY ("label_set_id") REFERENCES "label_set"("id") ON DELETE CASCADE ON UPDATE CASCADE;
