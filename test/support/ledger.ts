import { CreditsService } from '../../src/credits/credits.service.js';
import { type Database, openDatabase } from '../../src/platform/database.js';
import { type AccountId, type KeyId, newId } from '../../src/platform/ids.js';
import { createTestDatabase, type TestDatabase } from './database.js';

export interface TestLedger {
  readonly database: TestDatabase;
  readonly db: Database;
  readonly credits: CreditsService;
  /** A new account with that much credit, which never expires. */
  account(nanos?: bigint): Promise<AccountId>;
  /** A key of an account, with a cap where one is given. */
  key(accountId: AccountId, cap?: { nanos: bigint; period: string }): Promise<KeyId>;
  /** Sets the ledger's clock; it stands still from then on. */
  setClock(at: Date): Promise<void>;
  /** Fails when `gigarouter verify` would; every test of the ledger ends with it. */
  verify(): Promise<void>;
  close(): Promise<void>;
}

/** The ledger on a database of its own. */
export async function openTestLedger(): Promise<TestLedger> {
  const database = await createTestDatabase({ seeded: false });
  const db = openDatabase({
    url: database.url,
    connectionsMax: 10,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });
  const credits = new CreditsService(db);
  return {
    database,
    db,
    credits,
    account: async (nanos = 0n) => {
      const accountId = newId('acct');
      await database.query(`INSERT INTO account (id, kind, name) VALUES ($1, 'PERSONAL', 'test')`, [
        accountId,
      ]);
      if (nanos > 0n) await credits.grant({ accountId, nanos, reason: 'test', actor: 'system' });
      return accountId;
    },
    key: async (accountId, cap) => {
      const keyId = newId('key');
      await database.query(
        `INSERT INTO api_key (id, account_id, name, hash, prefix, last_four, scopes)
         VALUES ($1, $2, 'test', sha256(convert_to($1::text, 'UTF8')), 'gr-', 'abcd', '{INFERENCE}')`,
        [keyId, accountId],
      );
      if (cap !== undefined) {
        await database.query('SELECT ledger_set_key_cap($1, $2, $3::"CapPeriod")', [
          keyId,
          cap.nanos,
          cap.period,
        ]);
      }
      return keyId;
    },
    setClock: async (at) => {
      await database.query(
        `CREATE OR REPLACE FUNCTION ledger_now() RETURNS timestamptz LANGUAGE sql VOLATILE
         RETURN '${at.toISOString()}'::timestamptz`,
      );
    },
    verify: async () => {
      const drift = (await credits.verify()).filter(({ broken }) => broken > 0n);
      expect(drift).toEqual([]);
    },
    close: async () => {
      await db.close();
      await database.drop();
    },
  };
}

/** Moves the ledger's clock to noon (UTC), early in a month: no day and no month ends in the middle of a test. */
export async function moveLedgerToNoon({ query }: Pick<TestDatabase, 'query'>): Promise<void> {
  await query(`
    DO $$ BEGIN
      EXECUTE format(
        'CREATE OR REPLACE FUNCTION ledger_now() RETURNS timestamptz LANGUAGE sql VOLATILE
         RETURN clock_timestamp() + %L::interval',
        date_trunc('month', now(), 'UTC') + interval '1 month 1 day 12 hours' - now());
    END $$`);
}
