import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readConfig } from './config.js';
import { environment } from './environment.js';

const example = readFileSync(path.resolve(import.meta.dirname, '../../.env.example'), 'utf8');
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

describe('CORS_ORIGINS', () => {
  test('is a list of origins, or * beside it', () => {
    const read = (list?: string) =>
      readConfig(list === undefined ? {} : { CORS_ORIGINS: list }).cors;
    expect(read()).toEqual({ named: new Set(), any: false });
    expect(read('*')).toEqual({ named: new Set(), any: true });
    expect(read(' https://console.example.org, http://localhost:3000,http://[::1]:5173 ')).toEqual({
      named: new Set(['https://console.example.org', 'http://localhost:3000', 'http://[::1]:5173']),
      any: false,
    });
    expect(read('*,https://console.example.org').any).toBe(true);
  });

  test.each([
    ['https://console.example.org/', 'Write https://console.example.org'],
    ['https://console.example.org/app?x#y', 'Write https://console.example.org'],
    ['https://Console.Example.org', 'Write https://console.example.org'],
    ['HTTPS://console.example.org', 'Write https://console.example.org'],
    ['https://console.example.org:443', 'Write https://console.example.org'],
    ['http://console.example.org:80', 'Write http://console.example.org'],
    ['https://user:pass@console.example.org', 'Write https://console.example.org'],
    ['https://bücher.example', 'Write https://xn--bcher-kva.example'],
    ['console.example.org', 'Write https://console.example.org'],
    ['localhost:3000', 'Write https://localhost:3000'],
    ['https://*.example.org', 'Name each origin'],
    ['https://console.example.org, *.example.com', 'Name each origin'],
    ['null', 'Serve the page from an origin'],
    ['ftp://console.example.org', 'Write scheme, host and port'],
    ['chrome-extension://abcdef', 'Write scheme, host and port'],
    ['https://', 'Write scheme, host and port'],
    ['https://a b', 'Write scheme, host and port'],
  ])('%s is refused, with what to write', (list, advice) => {
    expect(() => readConfig({ CORS_ORIGINS: list })).toThrow(/CORS_ORIGINS/);
    expect(() => readConfig({ CORS_ORIGINS: list })).toThrow(advice);
  });
});

test('DATABASE_DIRECT_URL is refused without the database that it leads to as well', () => {
  const direct = { DATABASE_DIRECT_URL: 'postgresql://postgres/gigarouter' };
  expect(() => readConfig(direct)).toThrow(/DATABASE_DIRECT_URL needs DATABASE_URL/);
  const pooled = { ...direct, DATABASE_URL: 'postgresql://pooler/gigarouter' };
  expect(readConfig(pooled).databaseDirectUrl).toBe(direct.DATABASE_DIRECT_URL);
});

test('every problem is reported at once', () => {
  const read = () => readConfig({ PORT: 'x', LOG_LEVEL: 'x', DATABASE_URL: 'x' });
  expect(read).toThrow(/PORT[^]*DATABASE_URL[^]*LOG_LEVEL/);
});
