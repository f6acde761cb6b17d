-- A declined top-up opens a page on which its owner can pay: one at a time, and instead of an attempt, not beside it.

-- AlterTable
ALTER TABLE "purchase" ADD COLUMN "for_top_up" BOOLEAN NOT NULL DEFAULT false;

-- What Prisma's schema cannot say.

-- Pages from before. Of several that are open in an account the newest stands for them; the others are pages as any.
UPDATE "purchase" p SET "for_top_up" = true
 WHERE p.kind = 'CHECKOUT' AND p.actor = 'system' AND starts_with(p.idempotency_key, 'top-up:')
   AND (p.state NOT IN ('PENDING', 'WAITING') OR NOT EXISTS (
     SELECT FROM purchase o WHERE o.account_id = p.account_id AND o.id <> p.id AND o.state IN ('PENDING', 'WAITING')
        AND (o.kind = 'TOP_UP' OR (starts_with(o.idempotency_key, 'top-up:') AND o.actor = 'system' AND o.id > p.id))));

ALTER TABLE "purchase" ADD CONSTRAINT "purchase_for_top_up_is_a_page" CHECK (NOT "for_top_up" OR "kind" = 'CHECKOUT');

-- An account is charged automatically once at a time, by its card or on the page of a card that was declined.
DROP INDEX "purchase_open_top_up_idx";
CREATE UNIQUE INDEX "purchase_open_top_up_idx" ON "purchase" ("account_id")
  WHERE ("kind" = 'TOP_UP' OR "for_top_up") AND "state" IN ('PENDING', 'WAITING');
