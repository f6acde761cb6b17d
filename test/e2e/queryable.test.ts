import { type Database, openDatabase, type Queryable } from '../../src/platform/database.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
  db = openDatabase({
    url: database.url,
    connectionsMax: 2,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });
});
afterAll(async () => {
  await db.close();
  await database.drop();
});

const ROW = `SELECT 9007199254740993::bigint AS "int8", 7::int AS "int4", 1.50::numeric AS "numeric",
  ARRAY[1, NULL]::bigint[] AS "int8s", '\\x00ff'::bytea AS "bytea", '{"a":[1]}'::jsonb AS "json",
  timestamptz '2026-01-02 03:04:05.678Z' AS "time", 0.5::float8 AS "float8", true AS "bool", 'x' AS "text",
  ARRAY['a', 'b'] AS "texts", $1::text AS "given", NULL::bigint AS "none"`;

const read = (from: Queryable) => from.query(ROW, ['given']);

test('a row has the same types from the pool and in a transaction', async () => {
  const expected = {
    int8: 9007199254740993n,
    int4: 7,
    numeric: '1.50',
    int8s: [1n, null],
    bytea: Buffer.from([0, 255]),
    json: { a: [1] },
    time: new Date('2026-01-02T03:04:05.678Z'),
    float8: 0.5,
    bool: true,
    text: 'x',
    texts: ['a', 'b'],
    given: 'given',
    none: null,
  };
  expect(await read(db)).toEqual([expected]);
  const [row] = await db.transaction(read);
  // A numeric has lost its trailing zero on the way through Prisma, and nothing of its value.
  expect(row).toEqual({ ...expected, numeric: '1.5' });
});

test('execute says how many rows were changed, and a transaction takes back what fails', async () => {
  await db.execute('CREATE TABLE thing (id int)', []);
  expect(await db.execute('INSERT INTO thing SELECT generate_series(1, 3)', [])).toBe(3);
  const failing = db.transaction(async (tx) => {
    expect(await tx.execute('DELETE FROM thing WHERE id < $1', [3])).toBe(2);
    expect(await tx.query('SELECT id FROM thing', [])).toEqual([{ id: 3 }]);
    throw new Error('taken back');
  });
  await expect(failing).rejects.toThrow('taken back');
  expect(await db.query('SELECT id FROM thing ORDER BY id', [])).toHaveLength(3);
});
