import type { AddressInfo } from 'node:net';
import { type App, createApp } from '../../src/app/app.js';
import { applyMigrations, seedCatalogFolder } from '../../src/app/startup.js';
import { readConfig } from '../../src/config/config.js';
import { createLogger } from '../../src/platform/logger.js';
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../src/platform/embedded-postgres/index.js';
import { codeOf, postGraphQL } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { until } from '../support/process.js';
import { UNLIMITED } from '../support/unlimited.js';

const folder = temporaryFolder();
const settings = { fsync: 'off' };
let postgres: EmbeddedPostgres;
let app: App;
let url: string;
let port: number;

beforeAll(async () => {
  const config = readConfig(UNLIMITED);
  const quiet = () => undefined;
  postgres = await startEmbeddedPostgres(folder.path, { settings });
  port = Number(new URL(postgres.url).port);
  await applyMigrations(config, postgres.url, quiet);
  await seedCatalogFolder(config, postgres.url, quiet);
  app = await createApp(config, postgres.url, { logger: createLogger('silent') });
  await app.server.listen({ port: 0, host: '127.0.0.1' });
  url = `http://127.0.0.1:${String((app.server.server.address() as AddressInfo).port)}`;
});
afterAll(async () => {
  await app.stop();
  await postgres.stop();
  folder.remove();
});

const OPERATIONS = [
  '{ models { totalCount edges { node { slug } } } }',
  '{ model(slug: "timm/ViT-SO400M-14-SigLIP-384") { slug relatedModels { slug } } }',
  '{ tasks { task } }',
];

test('a stop and start of the database under load gives 503 with a code, then works again', async () => {
  const seen: { status: number; code: string | undefined; hasData: boolean }[] = [];
  let loading = true;
  const callers = Array.from({ length: 16 }, async (_unused, caller) => {
    for (let call = 0; loading; call += 1) {
      const query = OPERATIONS[(caller + call) % OPERATIONS.length];
      const { status, body, headers } = await postGraphQL(url, { query });
      seen.push({
        status,
        code: codeOf({ body }),
        hasData: body.data !== undefined,
      });
      if (status === 503) expect(headers.get('retry-after')).toBe('1');
    }
  });
  const answers = (status: number) => seen.filter((answer) => answer.status === status).length;

  for (let round = 0; round < 2; round += 1) {
    const [ok, refused] = [answers(200), answers(503)];
    await until('answers', () => answers(200) > ok + 50 || undefined);
    await postgres.stop();
    await until('refusals', () => answers(503) > refused + 50 || undefined);
    expect((await fetch(`${url}/readyz`)).status).toBe(503);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);

    postgres = await startEmbeddedPostgres(folder.path, { port, settings });
    const before = answers(200);
    await until('answers again', () => answers(200) > before + 50 || undefined);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
  }
  loading = false;
  await Promise.all(callers);

  expect(seen.filter(({ status }) => status !== 200 && status !== 503)).toEqual([]);
  expect(
    seen.filter(({ status, code }) => status === 503 && code !== 'UPSTREAM_UNAVAILABLE'),
  ).toEqual([]);
  expect(seen.filter(({ status, hasData }) => (status === 200) !== hasData)).toEqual([]);
});

test('with the database away, what needs none still answers, and the reason stays inside', async () => {
  await postgres.stop();
  const typename = await postGraphQL(url, { query: '{ __typename }' });
  expect(typename).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
  const { body } = await postGraphQL(url, { query: OPERATIONS[0] });
  expect(JSON.stringify(body)).not.toMatch(/ECONN|127\.0\.0\.1|pg|postgres|select/i);
  postgres = await startEmbeddedPostgres(folder.path, { port, settings });
});

test('a statement that takes too long is cancelled and answers 503', async () => {
  const config = { ...readConfig({}), databaseStatementTimeoutMs: 100 };
  const hasty = await createApp(config, postgres.url, { logger: createLogger('silent') });
  const { query } = hasty.database;
  await expect(query('SELECT pg_sleep(5)', [])).rejects.toMatchObject({
    code: 'UPSTREAM_UNAVAILABLE',
  });
  await hasty.stop();
});
