-- An account's purchases by state and by time, newest first.
CREATE INDEX "purchase_account_id_state_id_idx" ON "purchase" ("account_id", "state", "id" DESC);
CREATE INDEX "purchase_account_id_created_at_idx" ON "purchase" ("account_id", "created_at");

-- The ledger by time. Entries are written in that order: BRIN costs next to nothing for each call.
CREATE INDEX "journal_transaction_created_at_idx" ON "journal_transaction" USING BRIN ("created_at") WITH (autosummarize = on);
