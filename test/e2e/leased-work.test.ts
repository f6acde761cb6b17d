import { type Database, openDatabase } from '../../src/platform/database.js';
import { countDead, deadLetterBox, type DeadLetters } from '../../src/platform/dead-letters.js';
import {
  backOffMs,
  claim,
  countOpen,
  fail,
  finish,
  type LeasedWork,
} from '../../src/platform/leased-work.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const ERRANDS = {
  table: 'errand',
  key: ['id'],
  dueAt: 'due_at',
  counter: 'attempts',
  open: 'w.done_at IS NULL AND w.dead_at IS NULL',
  columns: 'w.id, w.attempts',
  finished: 'done_at = db_now()',
  failed: 'error = :error',
  dead: 'error = :error, dead_at = db_now()',
} as const satisfies LeasedWork;
const DEAD_ERRANDS = {
  table: 'errand',
  subject: 'd.id',
  error: 'd.error',
  accountId: 'NULL::text',
  deadAt: 'dead_at',
  dead: 'd.dead_at IS NOT NULL AND d.done_at IS NULL',
  requeued: 'dead_at = NULL, attempts = 0, due_at = db_now()',
} as const satisfies DeadLetters;

const HOUR_MS = 3_600_000;
interface Errand {
  readonly id: string;
  readonly attempts: number;
}

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await createTestDatabase({ seeded: false });
  db = openDatabase({
    url: database.url,
    connectionsMax: 8,
    statementTimeoutMs: 60_000,
    connectTimeoutMs: 60_000,
  });
  await database.query(
    `CREATE TABLE errand (id text PRIMARY KEY, due_at timestamptz NOT NULL DEFAULT db_now(), attempts int NOT NULL DEFAULT 0,
       done_at timestamptz, dead_at timestamptz, dismissed_at timestamptz, error text)`,
  );
});
beforeEach(() => database.query('TRUNCATE errand'));
afterAll(async () => {
  await db.close();
  await database.drop();
});

const add = (...ids: string[]) =>
  database.query('INSERT INTO errand (id) SELECT unnest($1::text[])', [ids]);
const take = (atMost = 10, leaseMs = HOUR_MS) => claim<Errand>(db, ERRANDS, { atMost, leaseMs });
const makeDue = () => database.query(`UPDATE errand SET due_at = 'epoch'`);

test('a row is claimed once, however many workers claim at a time, and again when its lease is over', async () => {
  const ids = Array.from({ length: 40 }, (_, n) => `errand ${String(n)}`);
  await add(...ids);
  const claimed: Errand[] = [];
  for (let round = 0; round < 20 && claimed.length < ids.length; round += 1) {
    const taken = await Promise.all(Array.from({ length: 8 }, () => take(3)));
    claimed.push(...taken.flat());
  }
  expect(claimed.map(({ id }) => id).sort()).toEqual([...ids].sort());
  expect(claimed.every(({ attempts }) => attempts === 1)).toBe(true);
  expect(await take()).toEqual([]);
  await makeDue();
  expect((await take(1)).map(({ attempts }) => attempts)).toEqual([2]);
});

test('what is done never comes again, and what failed comes after its pause', async () => {
  await add('done', 'failed');
  await take();
  await finish(db, ERRANDS, ['done']);
  await fail(db, ERRANDS, ['failed'], { error: 'no answer', retryMs: HOUR_MS });
  // Of a worker whose lease was over: done stays done.
  await fail(db, ERRANDS, ['done'], { error: 'too late', retryMs: undefined });
  expect(await take()).toEqual([]);
  expect(await countOpen(db, ERRANDS)).toBe(1);
  await makeDue();
  expect(await take()).toEqual([{ id: 'failed', attempts: 2 }]);
  expect(await database.query('SELECT error FROM errand ORDER BY id')).toEqual([
    { error: null },
    { error: 'no answer' },
  ]);
});

test('what has failed for good is listed until it is requeued or dismissed', async () => {
  await add('a', 'b');
  await take();
  for (const id of ['a', 'b']) {
    await fail(db, ERRANDS, [id], { error: 'x'.repeat(2_000), retryMs: undefined });
  }
  const box = deadLetterBox(db, DEAD_ERRANDS);
  const page = { first: 10, after: undefined };
  expect(await countDead(db, DEAD_ERRANDS)).toBe(2);
  expect((await box.list(page)).map(({ error }) => error?.length)).toEqual([1_000, 1_000]);
  await makeDue();
  expect(await take()).toEqual([]);
  expect(await box.replay(db, 'a')).toBe(1);
  expect(await take()).toEqual([{ id: 'a', attempts: 1 }]);
  expect(await box.dismiss(db, 'b')).toBe(true);
  expect(await box.dismiss(db, 'b')).toBe(false);
  expect(await box.list(page)).toEqual([]);
  expect(await countDead(db, DEAD_ERRANDS)).toBe(0);
});

test('back-off ends with its last delay, or repeats it', () => {
  const delaysMs = [1, 5];
  const at = (then: 'dead' | 'repeat') => [1, 2, 3, 9].map((n) => backOffMs({ delaysMs, then }, n));
  expect(at('dead')).toEqual([1, 5, undefined, undefined]);
  expect(at('repeat')).toEqual([1, 5, 5, 5]);
});
