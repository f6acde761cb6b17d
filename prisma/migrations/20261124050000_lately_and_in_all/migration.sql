-- Calls of the last day, of all accounts. Runs are written in the order of their end, and stay: a range of
-- pages has a range of times, so that a few bytes for each find them, and the ledger writes no more for it.
CREATE INDEX "run_ended_at_idx" ON "run" USING BRIN ("ended_at") WITH (autosummarize = on);

-- What an account was given and bought. Usage, which is nearly all of it, is not in there.
CREATE INDEX "journal_transaction_credit_idx" ON "journal_transaction" ("account_id") WHERE "kind" <> 'USAGE';

-- What a key has spent, which it may ask for as often as it likes. All that is added up is in the index.
CREATE INDEX "run_key_spending_idx" ON "run" ("key_id", "started_at") INCLUDE ("charged") WHERE "charged" > 0;
