-- Sessions are kept by the hash of their token, so that a copy of the database signs nobody in. Those that exist go on.
UPDATE "session" SET "token" = encode(sha256(convert_to("token", 'UTF8')), 'hex');

-- Links that were mailed before are kept as they were sent. They work for minutes; new ones are asked for.
DELETE FROM "verification";
