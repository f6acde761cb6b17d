-- Only the database's clock counts (docs/decisions/0030-one-clock.md): an instant that is stored or compared never comes
-- from a server.

-- Time of the transaction. Statements and defaults say this rather than now(), as tests move it; the ledger, which reads
-- the clock after it has taken its locks, has its own (ledger_now).
CREATE FUNCTION "db_now"() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE RETURN now();

DO $$
DECLARE
  c record;
BEGIN
  FOR c IN
    SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = current_schema() AND column_default = 'CURRENT_TIMESTAMP' AND table_name NOT LIKE '\_prisma%'
  LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN %I SET DEFAULT db_now()', c.table_name, c.column_name);
  END LOOP;
END
$$;

-- What is compared with the clock is not rounded: a moment that is rounded up has not come yet.
DROP TRIGGER "api_key_change_is_announced" ON "api_key";
ALTER TABLE "api_key" ALTER COLUMN "revoked_at" SET DATA TYPE TIMESTAMPTZ(6);
CREATE TRIGGER "api_key_change_is_announced"
  AFTER UPDATE OF "scopes", "models", "rate_per_minute", "expires_at", "revoked_at" ON "api_key"
  FOR EACH ROW EXECUTE FUNCTION "announce_key_change"();

-- Whoever changes a model's status need not say when.
CREATE FUNCTION "note_status_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.status_changed_at := db_now();
  RETURN NEW;
END
$$;
CREATE TRIGGER "model_status_change_is_noted"
  BEFORE UPDATE OF "status" ON "model"
  FOR EACH ROW WHEN (OLD."status" IS DISTINCT FROM NEW."status")
  EXECUTE FUNCTION "note_status_change"();
