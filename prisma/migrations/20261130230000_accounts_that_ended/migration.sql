-- Accounts that are closed or frozen are looked through every few seconds for money that arrives all the same.
CREATE INDEX "account_not_active_idx" ON "account" ("id") WHERE "status" <> 'ACTIVE';
