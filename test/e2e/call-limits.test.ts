import { createApp } from '../../src/app/app.js';
import { readConfig } from '../../src/config/config.js';
import { codeOf, errorOf, type GraphQLAnswer, postGraphQL } from '../support/app.js';
import { BALANCE, CLASSIFY, fresh, input } from '../support/classify.js';
import { bearer, newCaller, startPlatform, type TestPlatform } from '../support/platform.js';

let t: TestPlatform;
beforeAll(async () => {
  t = await startPlatform({
    limits: { ratePerMinute: 5, concurrencyMax: 3, store: 'postgres' },
  });
});
afterEach(() => t.verify());
afterAll(() => t.stop());

test('an account has so many calls a minute, told by the standard headers', async () => {
  const caller = await t.caller(10_000_000n);
  const answers: GraphQLAnswer[] = [];
  for (let n = 0; n < 6; n++) answers.push(await caller.gql(CLASSIFY, input({ labels: ['cat'] })));
  expect(answers.map(codeOf)).toEqual([...Array<undefined>(5), 'RATE_LIMITED']);
  for (const [n, { headers }] of answers.entries()) {
    expect(headers.get('ratelimit-policy')).toBe('"calls";q=5;w=60');
    expect(headers.get('ratelimit')).toMatch(
      new RegExp(`^"calls";r=${String(Math.max(0, 4 - n))};t=\\d+$`),
    );
  }
  const last = answers.at(-1);
  expect(Number(last?.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(errorOf(last)).toMatchObject({ limit: 5, remaining: 0, windowS: 60 });
  // Reading is not calling.
  expect(codeOf(await caller.gql(BALANCE))).toBeUndefined();
  // Another account is not concerned.
  expect(
    codeOf(await (await t.caller(10_000_000n)).gql(CLASSIFY, input({ labels: ['cat'] }))),
  ).toBeUndefined();
});

test('a key’s own rate comes on top', async () => {
  const caller = await t.caller(10_000_000n, { ratePerMinute: 2 });
  const answers: GraphQLAnswer[] = [];
  for (let n = 0; n < 3; n++) answers.push(await caller.gql(CLASSIFY, input({ labels: ['cat'] })));
  expect(answers.map(codeOf)).toEqual([undefined, undefined, 'RATE_LIMITED']);
  expect(answers[0]?.headers.get('ratelimit-policy')).toBe('"calls";q=2;w=60');
});

test('two servers count together', async () => {
  const config = {
    ...readConfig({}),
    modelsDir: t.modelsDir,
    predictorUrl: t.predictorUrl,
    limits: { ratePerMinute: 5, concurrencyMax: 3, store: 'postgres' as const },
  };
  const other = await createApp(config, t.database.url, { logger: t.app.logger });
  try {
    const url = await other.server.listen({ port: 0, host: '127.0.0.1' });
    const caller = await newCaller({ app: other, url }, 10_000_000n);
    const ask = (server: string) =>
      postGraphQL(
        server,
        { query: CLASSIFY, variables: input({ labels: ['cat'] }) },
        bearer(caller.secret),
      );
    const codes: (string | undefined)[] = [];
    for (let n = 0; n < 8; n++) codes.push(codeOf(await ask(n % 2 === 0 ? url : t.url)));
    expect(codes.filter((code) => code === undefined)).toHaveLength(5);
  } finally {
    await other.stop();
  }
});

test('an account has so many calls in flight, and those over it cost nothing', async () => {
  const caller = await t.caller(10_000_000n);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => caller.gql(CLASSIFY, input({ labels: fresh(100) }))),
  );
  const refused = answers.filter((answer) => codeOf(answer) === 'RATE_LIMITED');
  expect(refused).toHaveLength(2);
  for (const { headers, body } of refused) {
    expect(headers.get('retry-after')).toBe('1');
    expect(errorOf({ body })?.concurrencyMax).toBe(3);
  }
});
