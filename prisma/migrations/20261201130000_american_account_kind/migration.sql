-- The API spells American English; the stored value is the one that it shows.
ALTER TYPE "AccountKind" RENAME VALUE 'ORGANISATION' TO 'ORGANIZATION';
