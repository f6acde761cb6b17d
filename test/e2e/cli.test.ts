import { spawn } from 'node:child_process';
import path from 'node:path';
import { listMigrations } from '../../src/platform/migrations.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const ROOT = path.resolve(import.meta.dirname, '../..');

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase({ migrated: false });
});
afterAll(() => database.drop());

/** The command as it is installed. */
function gigarouter(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? '', DATABASE_URL: database.url },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
  });
}

test('--help lists the commands', async () => {
  const { code, out } = await gigarouter('--help');
  expect(code).toBe(0);
  for (const command of ['migrate', 'seed', 'schema']) expect(out).toContain(command);
});

test.each([[['fly']], [['migrate', 'now']], [['seed', '--loud']], [[]]])(
  '%j is answered with the usage, and 2',
  async (args) => {
    const { code, out, err } = await gigarouter(...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('Usage');
  },
);

test.each(['0.0.0.0', '::', '192.0.2.1', 'predictor', ''])(
  'predictor --host %j without a token does not start, and says what to set',
  async (host) => {
    const { code, out, err } = await gigarouter('predictor', '--port', '0', '--host', host);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('Set PREDICTOR_TOKEN');
  },
);

test('migrate applies what is missing, once, and says so', async () => {
  const first = await gigarouter('migrate', '--json');
  expect(first.code).toBe(0);
  const { applied } = JSON.parse(first.out) as { applied: string[] };
  expect(applied).toEqual(await listMigrations('prisma/migrations'));
  expect(first.err).toMatch(/migrations: applied \d+_catalog/);
  expect(first.err).not.toContain(new URL(database.url).password || 'no password at all');
  expect(JSON.parse((await gigarouter('migrate', '--json')).out)).toEqual({ applied: [] });
});

test('seed fills the catalog, once', async () => {
  const first = JSON.parse((await gigarouter('seed', '--json')).out) as { added: number };
  expect(first.added).toBeGreaterThanOrEqual(13);
  const again = JSON.parse((await gigarouter('seed', '--json')).out) as object;
  expect(again).toMatchObject({ added: 0, unchanged: first.added });
});

test('schema prints what is committed', async () => {
  expect((await gigarouter('schema')).out).toContain('type Query {');
  expect((await gigarouter('schema', '--check')).code).toBe(0);
});

test('usage rebuild makes roll-ups anew, as verify says they have to be', async () => {
  await gigarouter('migrate');
  await database.query(
    `INSERT INTO run (id, account_id, outcome, held, charged, details, started_at, ended_at)
     VALUES ('run_x', 'acct_x', 'VOIDED', 0, 0, '{}', now() - interval '3 hours', now() - interval '2 hours')`,
  );
  const from = new Date(Date.now() - 86_400_000).toISOString();
  const rebuilt = await gigarouter('usage', 'rebuild', '--from', from, '--json');
  const { hours } = JSON.parse(rebuilt.out) as { hours: number };
  expect(hours).toBeGreaterThanOrEqual(23);
  const [row] = await database.query<{ calls: string }>(
    `SELECT sum(calls) AS calls FROM usage_rollup WHERE account_id = 'acct_x'`,
  );
  expect(row?.calls).toBe('1');
  const findings = JSON.parse((await gigarouter('verify', '--json')).out) as {
    fact: string;
    checked: string;
    broken: string;
  }[];
  const ofHours = findings.find(({ fact }) => fact.includes('rolled up by the hour'));
  expect(ofHours).toMatchObject({ checked: '2', broken: '0' });
  const refused = await gigarouter('usage', 'rebuild', '--from', 'yesterday');
  expect([refused.code, refused.out]).toEqual([2, '']);
});

test('verify checks the ledger, and ends with 1 when it finds drift', async () => {
  await gigarouter('migrate');
  const clean = await gigarouter('verify', '--json');
  expect(clean.code).toBe(0);
  const findings = JSON.parse(clean.out) as { invariant: string; broken: string }[];
  expect(new Set(findings.map(({ invariant }) => invariant)).size).toBeGreaterThan(8);
  expect(findings.every(({ broken }) => broken === '0')).toBe(true);

  await database.query(`INSERT INTO account (id, kind, name) VALUES ('acct_x', 'PERSONAL', 'x')`);
  await database.query(`UPDATE account_balance SET posted = 1 WHERE account_id = 'acct_x'`);
  const drifted = await gigarouter('verify');
  expect(drifted.code).toBe(1);
  expect(drifted.out).toMatch(/BROKEN {2}I2 .*as acct_x/);
});
