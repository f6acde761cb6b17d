-- One queue for all mails that requests ask for: invitations and the waitlist too.

ALTER TABLE "identity_mail" RENAME TO "queued_mail";
ALTER TABLE "queued_mail" RENAME CONSTRAINT "identity_mail_pkey" TO "queued_mail_pkey";
ALTER INDEX "identity_mail_due_at_idx" RENAME TO "queued_mail_due_at_idx";

ALTER TABLE "queued_mail"
  ADD COLUMN "about" TEXT NOT NULL DEFAULT '',
  ADD COLUMN "details" JSONB NOT NULL DEFAULT '{}';
UPDATE "queued_mail" SET "details" = jsonb_build_object('name', "name") WHERE "name" IS NOT NULL;
ALTER TABLE "queued_mail" DROP COLUMN "name";

DROP INDEX "identity_mail_kind_email_key";
CREATE UNIQUE INDEX "queued_mail_kind_email_about_key" ON "queued_mail"("kind", "email", "about");

-- What Prisma's schema cannot say.

ALTER TABLE "queued_mail" DROP CONSTRAINT "identity_mail_kind_is_known";
ALTER TABLE "queued_mail" ADD CONSTRAINT "queued_mail_kind_is_known"
  CHECK ("kind" IN ('sign-up', 'magic-link', 'password-reset', 'invitation', 'waitlist'));
