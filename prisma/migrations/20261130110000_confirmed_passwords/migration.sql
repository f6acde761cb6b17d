-- Passwords are chosen by whoever confirms the address. One that was set for an address that nobody has confirmed may be a
-- stranger's: the owner of the address signs up again, and chooses one.
DELETE FROM "session" USING "app_user" u WHERE u."id" = "session"."user_id" AND NOT u."email_verified";
DELETE FROM "identity" USING "app_user" u
 WHERE u."id" = "identity"."user_id" AND NOT u."email_verified" AND "identity"."provider_id" = 'credential';
