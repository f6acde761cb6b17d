-- What begins now is due now: a moment rounded up to milliseconds has not come yet, so that whoever looks at once finds
-- nothing. More precision rewrites no row.
ALTER TABLE "identity_mail" ALTER COLUMN "due_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "batch" ALTER COLUMN "free_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "batch_line" ALTER COLUMN "free_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "invitation" ALTER COLUMN "revoked_at" SET DATA TYPE TIMESTAMPTZ(6);
ALTER TABLE "sign_in_attempt"
  ALTER COLUMN "next_at" SET DATA TYPE TIMESTAMPTZ(6),
  ALTER COLUMN "last_at" SET DATA TYPE TIMESTAMPTZ(6);
