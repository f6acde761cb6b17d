-- What is given once is given once per person and once per account (docs/decisions/0032-one-grant-per-person.md). A
-- person is a mailbox: SHA-256 of an address in its plainest form, in hexadecimal. `account:…` stands for an account
-- behind which there is no person, as the server's own.

-- An address in its plainest form, as far as it was known so far.
CREATE FUNCTION pg_temp.mailbox_of("email" text) RETURNS text LANGUAGE sql AS $$
  SELECT encode(sha256(convert_to(
           CASE WHEN host IN ('gmail.com', 'googlemail.com') THEN replace(name, '.', '') || '@gmail.com'
                ELSE name || '@' || host END, 'UTF8')), 'hex')
    FROM (SELECT split_part(split_part(lower(email), '@', 1), '+', 1) AS name, split_part(lower(email), '@', 2) AS host) a
$$;

-- Who stands behind what was done on an account: the person who did it, else the one who has owned it longest.
CREATE FUNCTION pg_temp.person_of("account" text, "actor" text) RETURNS text LANGUAGE sql AS $$
  SELECT pg_temp.mailbox_of(u.email) FROM membership m JOIN app_user u ON u.id = m.user_id
   WHERE m.account_id = account AND u.email_verified AND (u.id = actor OR m.role = 'OWNER')
   ORDER BY u.id = actor DESC NULLS LAST, m.created_at, u.id LIMIT 1
$$;

-- ── promo codes ──────────────────────────────────────────────────────────────────────────────────────

-- AlterTable
ALTER TABLE "promo_redemption" ADD COLUMN "mailbox" TEXT;

-- Of several by one person the first counts for the person.
UPDATE "promo_redemption" SET "mailbox" = 'account:' || "account_id";
UPDATE "promo_redemption" r SET "mailbox" = p.mailbox
  FROM (SELECT DISTINCT ON (x.code, x.mailbox) x.* FROM (
          SELECT o.code, o.account_id, o.created_at,
                 pg_temp.person_of(o.account_id, substr(o.actor, length('user:') + 1)) AS mailbox
            FROM promo_redemption o) x
         WHERE x.mailbox IS NOT NULL ORDER BY x.code, x.mailbox, x.created_at, x.account_id) p
 WHERE p.code = r.code AND p.account_id = r.account_id;

-- AlterTable
ALTER TABLE "promo_redemption" ALTER COLUMN "mailbox" SET NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "promo_redemption_code_mailbox_key" ON "promo_redemption"("code", "mailbox");

-- ── requests for models: votes, early access, credit at the launch ───────────────────────────────────

ALTER TABLE "model_request" DROP CONSTRAINT "model_request_is_somebodys";

UPDATE "model_request" SET "mailbox" = CASE WHEN "account_id" IS NULL
  THEN encode(sha256(convert_to("mailbox", 'UTF8')), 'hex') ELSE 'account:' || "account_id" END;

-- Of several by one person the first is the person's; what was given for one that was withdrawn was given.
CREATE TEMP TABLE "request_of_person" AS
  SELECT DISTINCT ON (x.model_id, x.mailbox) x.* FROM (
    SELECT o.id, o.model_id, o.created_at, o.withdrawn_at, pg_temp.person_of(o.account_id, o.user_id) AS mailbox
      FROM model_request o
     WHERE o.account_id IS NOT NULL
       AND (o.withdrawn_at IS NULL OR o.early_access_at IS NOT NULL OR o.launch_credit_nanos IS NOT NULL)) x
   WHERE x.mailbox IS NOT NULL ORDER BY x.model_id, x.mailbox, x.created_at, x.id;

-- Who left an address first asks with the account, at the same place.
UPDATE "model_request" r SET "created_at" = least(r.created_at, m.created_at)
  FROM "request_of_person" p JOIN "model_request" m ON m.model_id = p.model_id AND m.mailbox = p.mailbox
 WHERE r.id = p.id AND p.withdrawn_at IS NULL AND m.withdrawn_at IS NULL;
DELETE FROM "model_request" m USING "request_of_person" p
 WHERE m.model_id = p.model_id AND m.mailbox = p.mailbox AND p.withdrawn_at IS NULL;

UPDATE "model_request" r SET "mailbox" = p.mailbox FROM "request_of_person" p
 WHERE p.id = r.id
   AND NOT EXISTS (SELECT FROM model_request o WHERE o.model_id = p.model_id AND o.mailbox = p.mailbox);
DROP TABLE "request_of_person";

-- AlterTable
ALTER TABLE "model_request" ALTER COLUMN "mailbox" SET NOT NULL;

ALTER TABLE "model_request" ADD CONSTRAINT "model_request_is_somebodys" CHECK (("account_id" IS NULL) <> ("email" IS NULL));

-- ── organisations ────────────────────────────────────────────────────────────────────────────────────

-- AlterTable
ALTER TABLE "account" ADD COLUMN "opened_by" TEXT;

UPDATE "account" SET "opened_by" = pg_temp.person_of("id", NULL) WHERE "kind" = 'ORGANISATION';

-- CreateIndex
CREATE INDEX "account_opened_by_idx" ON "account"("opened_by");
