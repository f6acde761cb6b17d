import { createLogger, redact } from './logger.js';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): {
  text: string;
  fields: Record<string, unknown>;
} {
  const lines: string[] = [];
  write(createLogger('debug', { write: (line) => lines.push(line) }));
  expect(lines).toHaveLength(1);
  const text = lines[0] ?? '';
  return { text, fields: JSON.parse(text) as Record<string, unknown> };
}

test('a field that is not on the list stays out', () => {
  const { fields } = logged((logger) => {
    logger.info({ requestId: 'r', apiKey: 'k', body: { image: 'x' }, email: 'a@b' }, 'said');
  });
  expect(Object.keys(fields).sort()).toEqual(['level', 'msg', 'requestId', 'time']);
});

test.each([
  [
    'a password in an address',
    'postgresql://user:hush@host/db',
    'postgresql://user:[redacted]@host/db',
  ],
  ['a Stripe key', 'sk_test_hush-hush-hush', 'sk_[redacted]'],
  ['a webhook secret', 'whsec_hush-hush-hush', 'whsec_[redacted]'],
  ['a key of ours', 'gr_hush-hush-hush', 'gr_[redacted]'],
])('%s is hidden wherever it stands', (_name, secret, shown) => {
  expect(redact(`before ${secret} after`)).toBe(`before ${shown} after`);
  const cause = new Error(`inner ${secret}`);
  const { text } = logged((logger) => {
    logger.error({ err: new Error(`outer ${secret}`, { cause }), url: secret }, secret);
  });
  expect(text).not.toContain('hush');
});

test('an error shows name, code, stack and causes, and none of its other fields', () => {
  const error = Object.assign(new Error('broken', { cause: new Error('below') }), {
    code: 'E_CODE',
    query: 'SELECT secret',
  });
  const { text, fields } = logged((logger) => {
    logger.error({ err: error }, 'failed');
  });
  expect(fields.err).toMatchObject({ code: 'E_CODE', cause: { name: 'Error' } });
  expect(text).not.toContain('SELECT');
});

test('a chain of causes without an end is cut', () => {
  const error = new Error('round');
  error.cause = error;
  expect(
    logged((logger) => {
      logger.error({ err: error }, 'x');
    }).text.length,
  ).toBeLessThan(20_000);
});

test('what a caller sends cannot begin a line of its own', () => {
  const { text } = logged((logger) => {
    logger.info({ route: 'a\n{"level":"error"}' }, 'b\r\nc\u001b[31m');
  });
  for (const control of ['\n', '\r', '\u001b']) expect(text.trimEnd()).not.toContain(control);
});
