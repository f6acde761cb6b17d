import { subscribe } from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { createRoutes, type RestServices } from '../../src/rest/routes.js';
import { ROLES, type Role } from '../../src/accounts/account.js';
import { KEY_SCOPES, type KeyScope } from '../../src/accounts/api-key.js';
import { temporaryFolder } from '../support/folder.js';
import { mailTo, newOperator } from '../support/operators.js';
import { bearer, newCaller } from '../support/platform.js';
import { signUp } from '../support/people.js';
import { startTestApp, type TestApp } from '../support/app.js';

/**
 * What a caller needs for each route of the REST APIs: nothing, to be somebody, or a scope. Whoever adds a route says so
 * here too.
 */
const NEEDS: Readonly<Record<string, 'nothing' | 'a caller' | KeyScope>> = {
  'POST /v1/classify': 'INFERENCE',
  'POST /classify': 'INFERENCE',
  'POST /v1/embeddings': 'INFERENCE',
  'POST /embeddings': 'INFERENCE',
  'POST /api/v1/embeddings': 'INFERENCE',
  'POST /v1/chat/completions': 'INFERENCE',
  'POST /api/v1/chat/completions': 'INFERENCE',
  'POST /v1/responses': 'INFERENCE',
  'POST /api/v1/responses': 'INFERENCE',
  'POST /v1/moderations': 'INFERENCE',
  'POST /v1/files': 'INFERENCE',
  'GET /v1/files': 'INFERENCE',
  'GET /v1/files/:id': 'INFERENCE',
  'GET /v1/files/:id/content': 'INFERENCE',
  'DELETE /v1/files/:id': 'INFERENCE',
  'POST /v1/batches': 'INFERENCE',
  'GET /v1/batches': 'INFERENCE',
  'GET /v1/batches/:id': 'INFERENCE',
  'POST /v1/batches/:id/cancel': 'INFERENCE',
  'GET /v1/models': 'nothing',
  'GET /v1/models/*': 'nothing',
  'GET /api/v1/models': 'nothing',
  'GET /api/v1/models/count': 'nothing',
  'GET /api/v1/model/:author/:slug': 'nothing',
  'GET /api/v1/embeddings/models': 'nothing',
  'GET /api/v1/providers': 'nothing',
  'GET /api/v1/models/:author/:slug/endpoints': 'nothing',
  'GET /api/v1/key': 'a caller',
  'GET /api/v1/credits': 'READ',
  'GET /api/v1/keys': 'ADMIN',
  'POST /api/v1/keys': 'ADMIN',
  'GET /api/v1/keys/:hash': 'ADMIN',
  'PATCH /api/v1/keys/:hash': 'ADMIN',
  'DELETE /api/v1/keys/:hash': 'ADMIN',
  'GET /api/v1/generation': 'a caller',
  'GET /api/models': 'nothing',
  'GET /api/models/*': 'nothing',
  'GET /api/whoami-v2': 'a caller',
  'POST /models/*': 'INFERENCE',
  'POST /hf-inference/models/*': 'INFERENCE',
  'POST /hf-inference/billing': 'READ',
  'POST /v1/inference/*': 'INFERENCE',
  'POST /v1/models/:owner/:name/predictions': 'INFERENCE',
  'POST /clip/compare': 'INFERENCE',
  'POST /clip/embed_image': 'INFERENCE',
  'POST /clip/embed_text': 'INFERENCE',
  'POST /rank': 'INFERENCE',
  'GET /v2': 'nothing',
  'GET /v2/health/live': 'nothing',
  'GET /v2/health/ready': 'nothing',
  'POST /v2/repository/index': 'nothing',
  'GET /v2/models/:model': 'nothing',
  'GET /v2/models/:model/config': 'nothing',
  'GET /v2/models/:model/versions/:version': 'nothing',
  'GET /v2/models/:model/versions/:version/config': 'nothing',
  'GET /v2/models/:model/versions/:version/ready': 'nothing',
  'POST /v2/models/:model/versions/:version/infer': 'INFERENCE',
  'GET /v2/models/:owner/:name/config': 'nothing',
  'GET /v2/models/:owner/:name/versions/:version': 'nothing',
  'GET /v2/models/:owner/:name/versions/:version/config': 'nothing',
  'GET /v2/models/:owner/:name/versions/:version/ready': 'nothing',
  'POST /v2/models/:owner/:name/versions/:version/infer': 'INFERENCE',
  'GET /v2/models/:model/ready': 'nothing',
  'POST /v2/models/:model/infer': 'INFERENCE',
  'GET /v2/models/:owner/:name': 'nothing',
  'GET /v2/models/:owner/:name/ready': 'nothing',
  'POST /v2/models/:owner/:name/infer': 'INFERENCE',
  'GET /v1/usage/export': 'READ',
};

/** The scopes that people have by their role. */
const OF_ROLE: Readonly<Record<Role, readonly KeyScope[]>> = {
  OWNER: ['READ', 'INFERENCE', 'BILLING', 'ADMIN'],
  ADMIN: ['READ', 'INFERENCE', 'BILLING', 'ADMIN'],
  DEVELOPER: ['READ', 'INFERENCE'],
  BILLING: ['READ', 'BILLING'],
  VIEWER: ['READ'],
};

interface Caller {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly scopes: readonly KeyScope[];
}

/** Of every route of the server, however it is registered. */
const addresses = new Set<string>();
subscribe('fastify.initialization', (message) => {
  const { fastify } = message as { fastify: FastifyInstance };
  fastify.addHook('onRoute', ({ url }) => {
    addresses.add(url);
  });
});

const outbox = temporaryFolder();
let t: TestApp;
const callers: Caller[] = [];
beforeAll(async () => {
  t = await startTestApp({ background: false, config: mailTo(outbox.path) });
  const server = { url: t.url, outboxDir: outbox.path };
  const owner = await signUp(server, 'owner@example.org');
  const { body } = await owner.gql(
    'mutation { createOrganization(input: { name: "Test" }) { account { id } userErrors { code message path details } } }',
  );
  const accountId = body.data.createOrganization.account.id as string;
  for (const role of Object.values(ROLES)) {
    const email = `${role.toLowerCase()}@example.org`;
    const person = role === 'OWNER' ? owner : await signUp(server, email);
    await t.database.query(
      `INSERT INTO membership (account_id, user_id, role)
       SELECT $1, id, $2 FROM app_user WHERE email = $3 ON CONFLICT DO NOTHING`,
      [accountId, role, email],
    );
    callers.push({
      name: role,
      headers: { ...bearer(person.token), 'x-gigarouter-account': accountId },
      scopes: OF_ROLE[role],
    });
  }
  const operator = await newOperator(t, outbox.path);
  callers.push({ name: 'an operator', headers: bearer(operator.token), scopes: OF_ROLE.OWNER });
  for (const scope of Object.values(KEY_SCOPES)) {
    const { secret } = await newCaller(t, 0n, { scopes: [scope] });
    callers.push({ name: `a key with ${scope}`, headers: bearer(secret), scopes: [scope] });
  }
});
afterAll(async () => {
  await t.stop();
  outbox.remove();
});

const routes = createRoutes({} as RestServices);
const nameOf = ({ method, url }: { method: string; url: string }) => `${method} ${url}`;

test('the table names each route, and no other', () => {
  expect(routes.map(nameOf).sort()).toEqual(Object.keys(NEEDS).sort());
});

/** Whether a caller gets past the question of who it is. */
async function letsIn(route: string, headers: Caller['headers']): Promise<boolean> {
  const [method = '', url = ''] = route.split(' ');
  const path = url.replace(/:\w+|\*/g, 'x');
  const { status } = await fetch(`${t.url}${path}`, {
    method,
    headers: { ...headers, ...(method === 'GET' ? {} : { 'content-type': 'application/json' }) },
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{}' }),
  });
  expect([route, status < 500 || status === 503]).toEqual([route, true]);
  return status !== 401 && status !== 403;
}

describe.each(Object.entries(NEEDS))('%s', (route, needs) => {
  test(`takes ${needs}`, async () => {
    expect(await letsIn(route, {})).toBe(needs === 'nothing');
    for (const { name, headers, scopes } of callers) {
      const may = needs === 'nothing' || needs === 'a caller' || scopes.includes(needs);
      expect([name, await letsIn(route, headers)]).toEqual([name, may]);
    }
  });
});

/** Everything else that answers: who may is said by its own tests, or it is for everybody. */
const OTHERS = [
  '/',
  '/api/auth/*',
  '/auth/invitation',
  '/auth/leave-waitlist',
  '/auth/magic-link',
  '/auth/reset-password',
  '/auth/verify-email',
  '/auth/waitlist',
  '/compare',
  '/demand',
  '/docs',
  '/docs/json',
  '/docs/static/*',
  '/docs/static/index.html',
  '/docs/static/swagger-initializer.js',
  '/docs/yaml',
  '/graphql',
  '/graphql/operator',
  '/graphql/operator/stream',
  '/graphql/stream',
  '/healthz',
  '/icon.svg',
  '/llms.txt',
  '/metrics',
  '/models',
  '/models/:owner/:name',
  '/openapi.json',
  '/payments/cancel',
  '/payments/success',
  '/readyz',
  '/requests',
  '/robots.txt',
  '/schema.graphql',
  '/sitemap.xml',
  '/status',
  '/webhooks/stripe',
];

test('no other address answers', () => {
  const known = new Set([...OTHERS, ...routes.map(({ url }) => url)]);
  const unknown = [...addresses].filter(
    (url) => !known.has(url) && !/^\/(?:graphql\/explorer|assets)\//.test(url),
  );
  expect([...known].filter((url) => !addresses.has(url))).toEqual([]);
  expect(unknown).toEqual([]);
});
