-- Where a key may be used from: addresses and CIDR ranges; empty: anywhere.
ALTER TABLE "api_key" ADD COLUMN "allowed_ips" TEXT[] NOT NULL DEFAULT ARRAY[]::TEXT[];

-- Servers forget what they have cached of a key when it changes.
DROP TRIGGER "api_key_change_is_announced" ON "api_key";
CREATE TRIGGER "api_key_change_is_announced"
  AFTER UPDATE OF "scopes", "models", "rate_per_minute", "expires_at", "revoked_at", "allowed_ips" ON "api_key"
  FOR EACH ROW EXECUTE FUNCTION "announce_key_change"();

-- The lists of an account's keys: those that work first, by age, by name, by who made them.
DROP INDEX "api_key_account_id_idx";
CREATE INDEX "api_key_live_first_idx" ON "api_key" ("account_id", "revoked_at" DESC NULLS FIRST, "id" DESC);
CREATE INDEX "api_key_account_id_id_idx" ON "api_key" ("account_id", "id" DESC);
CREATE INDEX "api_key_account_id_name_id_idx" ON "api_key" ("account_id", "name", "id");
CREATE INDEX "api_key_account_id_created_by_idx" ON "api_key" ("account_id", "created_by");
