import { spawn } from 'node:child_process';
import { createTestDatabase } from '../support/database.js';
import { temporaryFolder } from '../support/folder.js';

test('gigarouter demo goes the whole way of a new user, and the ledger agrees', async () => {
  const folder = temporaryFolder();
  const database = await createTestDatabase();
  const env = { PATH: process.env.PATH ?? '', DATABASE_URL: database.url, DATA_DIR: folder.path };
  const child = spawn(process.execPath, ['dist/cli.js', 'demo'], { env });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect([code, code === 0 ? '' : err]).toEqual([0, '']);
  expect(out).toContain('$0.10 of free credit');
  expect(out).toMatch(/green heart +8\d\.\d %/);
  expect(out).toContain('$0.10 − $0.00024 = $0.09976');
  expect(out).toMatch(/2 {2}USAGE +−\$0\.00024 → +\$0\.09976 {2}run_\w+/);
  expect(out).toContain('checks, no drift.');
  await database.drop();
  folder.remove();
});
