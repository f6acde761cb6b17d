-- Pages of an account's members, by time of joining.
CREATE INDEX membership_account_id_created_at_user_id_idx ON membership (account_id, created_at, user_id);

-- Pages of pending invitations, newest first.
CREATE INDEX invitation_account_id_created_at_id_idx ON invitation (account_id, created_at DESC, id DESC);
DROP INDEX invitation_account_id_idx;

-- Pages of audit events by each of their filters, newest first.
CREATE INDEX audit_event_account_id_user_id_created_at_id_idx ON audit_event (account_id, user_id, created_at DESC, id DESC);
CREATE INDEX audit_event_account_id_action_created_at_id_idx ON audit_event (account_id, action, created_at DESC, id DESC);
CREATE INDEX audit_event_key_id_created_at_id_idx ON audit_event (key_id, created_at DESC, id DESC);
-- Lists are no longer in the order of ids.
DROP INDEX audit_event_account_id_id_idx;
