-- CreateTable
CREATE TABLE "identity_mail" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "due_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identity_mail_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "identity_mail_due_at_idx" ON "identity_mail"("due_at");

-- CreateIndex
CREATE UNIQUE INDEX "identity_mail_kind_email_key" ON "identity_mail"("kind", "email");

-- What Prisma's schema cannot say.

ALTER TABLE "identity_mail" ADD CONSTRAINT "identity_mail_kind_is_known"
  CHECK ("kind" IN ('sign-up', 'magic-link', 'password-reset'));
