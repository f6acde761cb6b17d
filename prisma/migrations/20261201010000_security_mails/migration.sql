-- AlterTable
ALTER TABLE "app_user" ADD COLUMN "security_mails" BOOLEAN NOT NULL DEFAULT true;
