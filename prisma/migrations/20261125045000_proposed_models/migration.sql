-- A migration of its own: a value of an enum cannot be used in the transaction that adds it.
ALTER TYPE "ModelStatus" ADD VALUE 'PROPOSED' BEFORE 'COMING_SOON';
