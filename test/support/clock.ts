import type { TestDatabase } from './database.js';

type Clocked = Pick<TestDatabase, 'query'>;

/**
 * Moves the platform's clock, which is the database's: its functions are replaced. Whoever is connected sees it at
 * once. @param seconds ahead of the machine's clock
 */
export async function moveClock(database: Clocked, seconds: number): Promise<void> {
  const ahead = `interval '${String(seconds)} seconds'`;
  await setClock(database, { db: `now() + ${ahead}`, ledger: `clock_timestamp() + ${ahead}` });
}

/** Lets it stand still. */
export async function stopClock(database: Clocked, at: string): Promise<void> {
  await setClock(database, { db: `'${at}'::timestamptz`, ledger: `'${at}'::timestamptz` });
}

async function setClock(database: Clocked, to: { readonly db: string; readonly ledger: string }) {
  await database.query(
    `CREATE OR REPLACE FUNCTION db_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE RETURN ${to.db};
     CREATE OR REPLACE FUNCTION ledger_now() RETURNS timestamptz LANGUAGE sql VOLATILE RETURN ${to.ledger}`,
  );
}
