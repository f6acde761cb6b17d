-- Keys that a member made end with the membership (docs/decisions/0031-keys-end-with-their-maker.md).

-- Ends what somebody made in an account: their keys, keys that were made with those, and so on.
-- "lacking": only keys with one of these scopes; null: all. Returns those that it ended.
CREATE FUNCTION "end_keys_made_by"("account" text, "maker" text, "lacking" text[]) RETURNS TABLE ("id" text)
LANGUAGE sql AS $$
  WITH RECURSIVE made AS (
    SELECT k.id, k.scopes FROM api_key k WHERE k.account_id = account AND k.created_by = maker
    UNION
    SELECT k.id, k.scopes FROM made m JOIN api_key k ON k.created_by = m.id AND k.account_id = account
  )
  UPDATE api_key k SET revoked_at = db_now() FROM made
   WHERE k.id = made.id AND (k.revoked_at IS NULL OR k.revoked_at > db_now())
     AND (lacking IS NULL OR made.scopes::text[] && lacking)
  RETURNING k.id
$$;

-- However a membership ends: removed, left, or gone with the person.
CREATE FUNCTION "end_keys_of_member"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM end_keys_made_by(OLD.account_id, OLD.user_id, NULL);
  RETURN NULL;
END
$$;
CREATE TRIGGER "keys_end_with_their_maker"
  AFTER DELETE ON "membership"
  FOR EACH ROW EXECUTE FUNCTION "end_keys_of_member"();

-- Members who had been removed before.
SELECT end_keys_made_by(gone.account_id, gone.created_by, NULL)
  FROM (SELECT DISTINCT k.account_id, k.created_by FROM api_key k
         WHERE starts_with(k.created_by, 'usr_')
           AND NOT EXISTS (SELECT FROM membership m WHERE m.account_id = k.account_id AND m.user_id = k.created_by)) gone;
