import { Command, CommanderError } from 'commander';
import * as fc from 'fast-check';
import { toDollars, toNanos } from './admin-app.js';
import { adminCommand } from './admin.js';

/** Parses a command line; nothing of it gets as far as a database. @returns what it wrote, and its exit code */
async function parse(...args: string[]): Promise<{ code: number; text: string }> {
  let text = '';
  const write = (part: string) => (text += part);
  const prepare = (command: Command) => {
    command.exitOverride().configureOutput({ writeOut: write, writeErr: write });
    command.commands.forEach(prepare);
  };
  const admin = adminCommand(() => undefined);
  prepare(admin);
  try {
    await admin.parseAsync(args, { from: 'user' });
    throw new Error('It was taken.');
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.exitCode, text };
  }
}

test.each([
  [['accounts', 'freeze', 'acct_1'], '--reason'],
  [['accounts', 'limits', 'acct_1', '--rate', '0'], 'whole number above 0, or "default"'],
  [['accounts', 'limits', 'acct_1', '--concurrency', 'many'], 'whole number above 0, or "default"'],
  [['accounts', 'list', '--first', '1001'], 'At most 1000'],
  [['accounts', 'list', '--status', 'ODD'], 'ACTIVE, FROZEN, CLOSED'],
  [['credits', 'grant', 'acct_1', '1e9', '--reason', 'x'], 'dollars as 12.50'],
  [['credits', 'grant', 'acct_1', '0.0000000001', '--reason', 'x'], 'dollars as 12.50'],
  [['credits', 'grant', 'acct_1', '1'], '--reason'],
  [['promos', 'create', 'CODE', '1'], '--max'],
  [['dead', 'list', '--kind', 'ODD'], 'STRIPE_EVENT'],
  [['audit', 'list', '--from', 'yesterday'], 'a day as 2026-11-20'],
  [['fly'], 'unknown command'],
])('%j is refused with what is wrong', async (args, message) => {
  const { code, text } = await parse(...args);
  expect([code, text]).toEqual([1, expect.stringContaining(message)]);
});

test('--help shows each command, and each of them shows examples', async () => {
  const { code, text } = await parse('--help');
  expect(code).toBe(0);
  for (const name of [
    'accounts',
    'models',
    'credits',
    'promos',
    'dead',
    'jobs',
    'audit',
    'operators',
  ]) {
    expect(text).toContain(`\n  ${name} `);
    expect((await parse(name, '--help')).text).toContain('Examples:\n  gigarouter admin');
  }
});

test('dollars are read as they are written, to the last nano', () => {
  const max = 10n ** 18n - 1n;
  fc.assert(
    fc.property(fc.bigInt({ min: -max, max }), (nanos) => {
      expect(toNanos(toDollars(nanos))).toBe(nanos);
    }),
  );
  expect([toDollars(0n), toDollars(-1n), toDollars(12_500_000_000n)]).toEqual([
    '0.00',
    '-0.000000001',
    '12.50',
  ]);
});
