import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/*
 * Found by a mail that was never sent: what is due from now on was stored with its moment rounded up to milliseconds, so
 * that whoever looked within half of one found nothing due.
 */

const SRC = path.resolve(import.meta.dirname, '../../src');
/** Chosen by callers, or at least minutes ahead of the time they are stored. */
const AHEAD = new Set(['effective_from', 'expires_at']);

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Columns that the code compares with the present moment. */
function dueColumns(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' });
  const found = files
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => [
      ...readFileSync(path.join(SRC, file), 'utf8').matchAll(
        // In a statement, or as what src/platform/leased-work.ts compares.
        /(\w+) <= (?:db|ledger)_now\(\)(?! *-)|\bdueAt: '(\w+)'/g,
      ),
    ])
    .map(([, column, dueAt]) => column ?? dueAt ?? '');
  return [...new Set(found)].filter((column) => !AHEAD.has(column)).sort();
}

test('every column that tells what is due has the precision of the clock it is compared with', async () => {
  const columns = dueColumns();
  expect(columns).toEqual(expect.arrayContaining(['due_at', 'free_at', 'next_at', 'not_before']));
  const rounded = await database.query(
    `SELECT c.table_name, c.column_name FROM information_schema.columns c
      WHERE c.table_schema = current_schema() AND c.column_name = ANY ($1) AND c.datetime_precision < 6
        AND EXISTS (SELECT FROM information_schema.tables t WHERE t.table_name = c.table_name AND t.table_type = 'BASE TABLE')`,
    [columns],
  );
  expect(rounded).toEqual([]);
});

test('a mail is due at the moment it is asked for', async () => {
  for (let round = 0; round < 50; round += 1) {
    const [row] = await database.query<{ due: boolean }>(
      `INSERT INTO queued_mail (id, kind, email) VALUES ($1, 'sign-up', $1)
       RETURNING due_at <= db_now() AS due`,
      [`mail_${String(round)}`],
    );
    expect(row).toEqual({ due: true });
  }
});
