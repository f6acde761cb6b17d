import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from './config.js';
import { environment } from './environment.js';

const example = readFileSync(path.resolve(import.meta.dirname, '../.env.example'), 'utf8');
const examples = new Map(
  [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]),
);

test('.env.example names every variable, and no other', () => {
  expect([...examples.keys()].sort()).toEqual(Object.keys(environment.shape).sort());
});

test('.env.example shows a valid value of each, and the default where there is one', () => {
  const shown = environment.parse(Object.fromEntries(examples));
  for (const [name, value] of Object.entries(environment.parse({}))) {
    if (value !== undefined)
      expect([name, shown[name as keyof typeof shown]]).toEqual([name, value]);
  }
});

test('nothing has to be set', () => {
  expect(readConfig({})).toMatchObject({ port: 4000, databaseUrl: undefined, introspection: true });
});

test('an empty variable counts as not set', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '', METRICS_TOKEN: '' })).toEqual(readConfig({}));
});

test.each([
  ['PORT', '70000'],
  ['PORT', '80x'],
  ['PORT', '-1'],
  ['DATABASE_URL', 'mysql://user:hush@host/db'],
  ['DATABASE_CONNECTIONS_MAX', '0'],
  ['DATABASE_STATEMENT_TIMEOUT_MS', '1.5'],
  ['MODEL_VARIANT', 'fp16'],
  ['MODEL_VARIANT', 'fp32,int8'],
  ['PREDICTOR_VARIANTS', 'fp32,fp16'],
  ['INTROSPECTION', 'yes'],
  ['METRICS_TOKEN', 'hush'],
  ['LOG_LEVEL', 'loud'],
])('%s=%s is refused by name, without its value', (name, value) => {
  const read = () => readConfig({ [name]: value });
  expect(read).toThrow(name);
  expect(read).not.toThrow(/hush/);
});

test('every problem is reported at once', () => {
  const read = () => readConfig({ PORT: 'x', LOG_LEVEL: 'x', DATABASE_URL: 'x' });
  expect(read).toThrow(/PORT[^]*DATABASE_URL[^]*LOG_LEVEL/);
});
