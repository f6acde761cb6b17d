import { PAID_UNIT_CHECKS } from '../../src/credits/paid-unit-checks.sql.js';
import { runChecks } from '../../src/platform/checks.js';
import { uniquePicture } from '../support/batches.js';
import { classified } from '../support/callers.js';
import { fresh } from '../support/classify.js';
import { DEMO_MODEL, startPlatform, type TestPlatform } from '../support/platform.js';
import { until } from '../support/process.js';

const CREDIT = 1_000_000_000n;

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform();
});
afterAll(() => t.stop());

/** Two answers, the second one free, and a saved set that was paid for; then something is written wrongly. */
async function brokenBy(sql: string): Promise<string[]> {
  const caller = await t.caller(CREDIT);
  const other = await t.caller(CREDIT);
  const image = { base64: uniquePicture() };
  const input = { model: DEMO_MODEL, image, labels: fresh(2) };
  const first = await classified(t.url, caller, input);
  const second = await classified(t.url, caller, input);
  const strange = await classified(t.url, other, { ...input, labels: fresh(1) });
  const create =
    'mutation ($input: CreateLabelSetInput!) { createLabelSet(input: $input) { labelSet { id } userErrors { code message path details } } }';
  const made = await caller.gql(create, { input: { name: 'set', labels: fresh(2) } });
  const labelSetId = made.body.data.createLabelSet.labelSet.id as string;
  await classified(t.url, caller, { model: DEMO_MODEL, image, labelSetId });
  await until('the vectors to be kept', async () => {
    const rows = await t.database.query('SELECT FROM label_set_embedding WHERE label_set_id = $1', [
      labelSetId,
    ]);
    return rows.length === 1 ? true : undefined;
  });
  await t.verify();
  const names = {
    FIRST: first.runId,
    SECOND: second.runId,
    STRANGE: strange.runId,
    SET: labelSetId,
    ACCOUNT: caller.accountId,
  };
  const spoil = sql.replaceAll(
    /\b[A-Z]+\b(?=')/g,
    (name) => (names as Record<string, string>)[name] ?? name,
  );
  // As the owner of the database could; then all is put back.
  let broken: string[] = [];
  const rolledBack = t.app.database.transaction(async (tx) => {
    await tx.execute('ALTER TABLE run DISABLE TRIGGER USER', []);
    await tx.execute(spoil, []);
    const findings = await runChecks(tx, PAID_UNIT_CHECKS);
    broken = findings.filter((one) => one.broken > 0n).map(({ invariant }) => invariant);
    throw new Error('put back');
  });
  await expect(rolledBack).rejects.toThrow('put back');
  return broken;
}

const setDetails = (path: string, value: string, run: string) =>
  `UPDATE run SET details = jsonb_set(details, '${path}', '${value}') WHERE id = '${run}'`;

test.each<[string, string, string]>([
  ['U1', 'a unit that nobody has paid for', setDetails('{units,0,ran}', '0', 'FIRST')],
  [
    'U1',
    'a charge that is not the sum of its lines',
    setDetails('{units,0,nanosPerUnit}', '"1"', 'FIRST'),
  ],
  ['U1', 'fewer units that were paid for than were free', setDetails('{paidBy}', '{}', 'SECOND')],
  [
    'U1',
    'a payer of another account',
    `UPDATE run SET details = jsonb_set(details, '{paidBy}', jsonb_build_object('STRANGE', 3)) WHERE id = 'SECOND'`,
  ],
  ['U1', 'a payer that is not there', setDetails('{paidBy}', '{"run_none": 3}', 'SECOND')],
  [
    'U1',
    'a payer that was not charged',
    `UPDATE run SET outcome = 'VOIDED', charged = 0 WHERE id = 'FIRST'`,
  ],
  [
    'U1',
    'a payer that came later',
    `UPDATE run SET ended_at = now() + interval '1 day' WHERE id = 'FIRST'`,
  ],
  ['U1', 'a payer that delivered less', setDetails('{units,0,requested}', '0', 'FIRST')],
  [
    'U2',
    'a unit that was given away',
    `INSERT INTO paid_unit (account_id, unit, run_id, expires_at)
     VALUES ('ACCOUNT', decode(repeat('ab', 16), 'hex'), 'FIRST', now() + interval '1 day')`,
  ],
  [
    'U2',
    'a unit that another account has paid for',
    `INSERT INTO paid_unit (account_id, unit, run_id, expires_at)
     VALUES ('ACCOUNT', decode(repeat('ab', 16), 'hex'), 'STRANGE', now() + interval '1 day')`,
  ],
  [
    'U2',
    'a saved set that another account has paid for',
    `UPDATE label_set_embedding SET paid_by = 'STRANGE' WHERE label_set_id = 'SET'`,
  ],
])('verify (%s) finds %s', async (invariant, _what, sql) => {
  expect(await brokenBy(sql)).toContain(invariant);
  await t.verify();
});

test('every answer says who paid for what was free', async () => {
  const caller = await t.caller(CREDIT);
  const images = [uniquePicture(), uniquePicture()].map((base64) => ({ base64 }));
  const [one, two] = images;
  const labels = fresh(2);
  const first = await classified(t.url, caller, { model: DEMO_MODEL, images: [one, one], labels });
  const second = await classified(t.url, caller, {
    model: DEMO_MODEL,
    images: [one, two, one],
    labels: [...labels, ...labels],
  });
  const paidBy = async (id: string) =>
    (
      await t.database.query<{ by: object }>(
        `SELECT details -> 'paidBy' AS by FROM run WHERE id = $1`,
        [id],
      )
    )[0]?.by;
  expect(await paidBy(first.runId)).toEqual({ [first.runId]: 1 });
  expect(await paidBy(second.runId)).toEqual({ [first.runId]: 3, [second.runId]: 1 });
  const [row] = await t.database.query(
    `SELECT count(*)::int AS silent FROM run WHERE outcome = 'CAPTURED' AND NOT details ? 'paidBy'`,
  );
  expect(row).toEqual({ silent: 0 });
});
