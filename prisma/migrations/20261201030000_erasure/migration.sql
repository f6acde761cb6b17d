-- The audit log stays what it is, except that the network address of an event is taken away when its person is erased.
DROP TRIGGER "audit_event_is_append_only" ON "audit_event";

CREATE TRIGGER "audit_event_is_append_only"
  BEFORE UPDATE ON "audit_event"
  FOR EACH ROW WHEN (NOT (NEW."ip_address" IS NULL AND to_jsonb(NEW) - 'ip_address' = to_jsonb(OLD) - 'ip_address'))
  EXECUTE FUNCTION "refuse_change"();

CREATE TRIGGER "audit_event_is_not_deleted"
  BEFORE DELETE ON "audit_event"
  FOR EACH ROW EXECUTE FUNCTION "refuse_change"();
