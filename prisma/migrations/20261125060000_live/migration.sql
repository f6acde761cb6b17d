-- Live updates: what servers tell each other beside the money (src/live/README.md). Payloads are ids only.

-- Whose rights may have changed: an account's or a person's id. Open connections of it are judged anew.
CREATE FUNCTION "announce_rights_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The trigger's argument names the column. NEW is null when a row is deleted.
  PERFORM pg_notify('rights_changed', to_jsonb(coalesce(NEW, OLD)) ->> TG_ARGV[0]);
  RETURN NULL;
END
$$;

-- Signed out, or signed out everywhere by a new password. Sessions that run out are seen by the clock.
CREATE TRIGGER "end_of_session_is_announced"
  AFTER DELETE ON "session"
  FOR EACH ROW EXECUTE FUNCTION "announce_rights_change"('user_id');

CREATE TRIGGER "change_of_membership_is_announced"
  AFTER UPDATE OF "role" OR DELETE ON "membership"
  FOR EACH ROW EXECUTE FUNCTION "announce_rights_change"('user_id');

CREATE TRIGGER "change_of_operator_is_announced"
  AFTER UPDATE OF "operator" ON "app_user"
  FOR EACH ROW WHEN (OLD."operator" IS DISTINCT FROM NEW."operator")
  EXECUTE FUNCTION "announce_rights_change"('id');

CREATE TRIGGER "change_of_account_status_is_announced"
  AFTER UPDATE OF "status" ON "account"
  FOR EACH ROW WHEN (OLD."status" IS DISTINCT FROM NEW."status")
  EXECUTE FUNCTION "announce_rights_change"('id');

-- A model's status changes a few times in its life.
CREATE FUNCTION "announce_model_status"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('model_status_changed', NEW.id);
  RETURN NULL;
END
$$;

CREATE TRIGGER "status_of_new_model_is_announced"
  AFTER INSERT ON "model"
  FOR EACH ROW EXECUTE FUNCTION "announce_model_status"();

CREATE TRIGGER "change_of_model_status_is_announced"
  AFTER UPDATE OF "status" ON "model"
  FOR EACH ROW WHEN (OLD."status" IS DISTINCT FROM NEW."status")
  EXECUTE FUNCTION "announce_model_status"();
