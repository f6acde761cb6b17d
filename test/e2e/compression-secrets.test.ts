import { readFileSync } from 'node:fs';
import path from 'node:path';
import { buildSchema, getNamedType, isObjectType } from 'graphql';
import { startTestApp, type TestApp } from '../support/app.js';
import { gql, LONG, send, type Sent } from '../support/compressed.js';
import { temporaryFolder } from '../support/folder.js';
import { PASSWORD, type Person, signUp } from '../support/people.js';
import { bearer, type Caller, newCaller } from '../support/platform.js';

/*
 * The length of a compressed answer tells whoever chose a part of it how much of the rest repeats that part (BREACH). So
 * answers that hold a secret are not compressed.
 */

const outbox = temporaryFolder();
let t: TestApp;
let caller: Caller;
let person: Person;
beforeAll(async () => {
  t = await startTestApp({
    config: {
      mail: { smtpUrl: undefined, from: 'test@localhost', outboxDir: outbox.path },
      webhooks: { allow: ['127.0.0.1'], timeoutMs: 1_000 },
    },
  });
  caller = await newCaller(t, 0n, { scopes: ['INFERENCE', 'READ', 'ADMIN'] });
  person = await signUp({ url: t.url, outboxDir: outbox.path }, 'ada@example.org');
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

describe('a secret', () => {
  const session = () => bearer(person.token);

  test.each<[string, () => Sent, RegExp]>([
    [
      'a session',
      () =>
        gql(
          `mutation ($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) { token ${LONG} userErrors { code message path details } } }`,
          {},
          { email: person.email, password: PASSWORD },
        ),
      /"token":"[^"]{20}/,
    ],
    [
      'a key',
      () =>
        gql(
          `mutation { createApiKey(input: { name: "ci" }) { secret apiKey { ${LONG} } userErrors { code message path details } } }`,
          session(),
        ),
      /"secret":"gr-/,
    ],
    [
      'a key, beside a query’s worth of other fields',
      () =>
        gql(
          `mutation {
            a: createApiKey(input: { name: "ci" }) { secret userErrors { code message path details } }
            b: createApiKey(input: { name: "${'x'.repeat(90)}" }) {
              secret
              apiKey { ${LONG} }
              userErrors { code message path details }
            }
          }`,
          session(),
        ),
      /"secret":"gr-/,
    ],
    [
      'a key, in a fragment',
      () =>
        gql(
          `mutation { ...F } fragment F on Mutation { createApiKey(input: { name: "ci" }) { secret apiKey { ${LONG} } userErrors { code } } }`,
          session(),
        ),
      /"secret":"gr-/,
    ],
    [
      'a webhook’s secret',
      () =>
        gql(
          `mutation { createWebhookEndpoint(input: { url: "http://127.0.0.1:9000/hook" }) { secret webhookEndpoint { ${LONG} } userErrors { code message path details } } }`,
          session(),
        ),
      /"secret":"whsec_/,
    ],
    [
      'a session’s cookie, over the identity library',
      () => ({
        method: 'POST',
        path: '/api/auth/sign-in/email',
        body: { email: person.email, password: PASSWORD },
      }),
      /"user"/,
    ],
    [
      'a key, over REST',
      () => ({
        method: 'POST',
        path: '/api/v1/keys',
        headers: bearer(caller.secret),
        body: { name: 'x'.repeat(90) },
      }),
      /gr-/,
    ],
  ])('is never compressed: %s', async (_name, sent, shown) => {
    const { status, encoding, text } = await send(t.url, sent(), 'br, gzip');
    expect([status < 300, text]).toEqual([true, expect.stringMatching(shown)]);
    expect(encoding).toBeUndefined();
    // It would be, were it not for the secret.
    if (sent().path === '/graphql') expect(text.length).toBeGreaterThan(1_024);
  });

  test('is in no query’s answer', () => {
    const schema = buildSchema(readFileSync(path.resolve('schema.graphql'), 'utf8'));
    const seen = new Set<string>();
    const secrets: string[] = [];
    const visit = (name: string) => {
      const type = schema.getType(name);
      if (seen.has(name) || !isObjectType(type)) return;
      seen.add(name);
      for (const field of Object.values(type.getFields())) {
        const of = getNamedType(field.type).name;
        if (/secret|token|password/i.test(field.name) && of === 'String')
          secrets.push(`${name}.${field.name}`);
        visit(of);
      }
    };
    visit('Query');
    expect(seen.size).toBeGreaterThan(50);
    expect(secrets).toEqual([]);
  });
});
