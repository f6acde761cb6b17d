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

test('a field that is not on the list does not compile, and stays out', () => {
  const { fields } = logged((logger) => {
    // @ts-expect-error: the names of these fields are not in LogFields.
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
  [
    'a password with an @ in it',
    'postgresql://user:hush@hush@host/db',
    'postgresql://user:[redacted]@host/db',
  ],
  ['a password without a user', 'redis://:hush-hush@host', 'redis://:[redacted]@host'],
  ['a password among settings', 'host=db password=hush-hush', 'host=db password=[redacted]'],
  ['a Stripe key', 'sk_test_hush-hush-hush', 'sk_[redacted]'],
  ['a restricted Stripe key', 'rk_live_hush-hush-hush', 'rk_[redacted]'],
  ['a webhook secret', 'whsec_hush-hush-hush', 'whsec_[redacted]'],
  ['an API key', 'gr-hush_hush-hush', 'gr-[redacted]'],
  ['an older API key', 'gr_hush-hush-hush', 'gr_[redacted]'],
  ['an OpenAI key', 'sk-proj-hush-hush-hush', 'sk-[redacted]'],
  ['a Hugging Face token', 'hf_hush-hush-hush', 'hf_[redacted]'],
  ['a GitHub token', 'github_pat_hush-hush-hush', 'github_pat_[redacted]'],
  [
    'a bearer token',
    'Authorization: Bearer hush.hush+hush/hush=',
    'Authorization: Bearer [redacted]',
  ],
  ['basic credentials', 'Basic hush/hush+hush=', 'Basic [redacted]'],
  ['a JSON Web Token', 'eyJ0-hush-hush-0.eyJ0-hush-hush.hush', 'eyJ[redacted]'],
  [
    'a session token',
    '__Secure-gigarouter.session_token=hush.hush',
    '__Secure-gigarouter.session_token=[redacted]',
  ],
  [
    'a link with a token',
    'https://x.test/auth/magic-link?token=hush%20hush',
    'https://x.test/auth/magic-link?token=[redacted]',
  ],
  [
    'a link with an API key',
    'https://x.test/?a=1&api_key=hush',
    'https://x.test/?a=1&api_key=[redacted]',
  ],
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

test('an id that only begins like a secret is shown', () => {
  for (const text of [
    'gr-1',
    'risk-management',
    'task-lists-are-long',
    'basic of it',
    'model_key: 5',
  ]) {
    expect(redact(text)).toBe(text);
  }
});

test('a cookie header is hidden to its end', () => {
  const cookie = 'cookie: gigarouter.session_token=hush; other=hush';
  expect(redact(`before ${cookie}\nafter`)).toBe('before cookie: [redacted]\nafter');
});

test('a text without an end is cut', () => {
  const parts = ['a:', 'a.', 'postgresql://a:', 'eyJ', '?token=', 'cookie: ', 'a://b:c'];
  for (const part of parts) {
    expect(redact(part.repeat(1_000_000)).length).toBeLessThan(100_000);
  }
});
