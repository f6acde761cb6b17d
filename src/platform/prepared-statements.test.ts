import { isStatementLost, statementName, statementNames } from './prepared-statements.js';

test('a statement has the same name in every process, whatever was sent before it', () => {
  const [one, other] = [statementNames(), statementNames()];
  one.nameOf('SELECT 1');
  expect(one.nameOf('SELECT 2')).toBe(other.nameOf('SELECT 2'));
  expect(one.nameOf('SELECT 2')).toBe(statementName('SELECT 2'));
});

test('different statements have different names, of a length that PostgreSQL keeps whole', () => {
  const names = ['SELECT 1', 'SELECT 1 ', 'select 1', 'SELECT 2'].map(statementName);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name.length).toBeLessThan(64);
});

test('a bounded number of statements is named, and none after a stop', () => {
  const names = statementNames();
  const named = Array.from({ length: 1_000 }, (_, n) => names.nameOf(`SELECT ${String(n)}`));
  expect(named.filter((name) => name !== undefined)).toHaveLength(256);
  expect(names.nameOf('SELECT 0')).toBe(named[0]);
  expect(names.stop()).toBe(true);
  expect(names.stop()).toBe(false);
  expect(names.nameOf('SELECT 0')).toBeUndefined();
});

test.each([
  ['26000', true],
  ['42P05', true],
  ['42601', false],
  [undefined, false],
])('an error with SQLSTATE %s says that a statement was lost: %s', (code, expected) => {
  expect(isStatementLost(Object.assign(new Error('refused'), { code }))).toBe(expected);
});
