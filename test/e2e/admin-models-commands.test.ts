import { spawn } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compile } from '../../src/siglip/index.js';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { startHubModels } from '../support/hub-models.js';
import { DEMO_MODEL } from '../support/platform.js';

// Each command is a process of its own, and a machine may be busy.

const ROOT = path.resolve(import.meta.dirname, '../..');
const folder = temporaryFolder();
const modelsDir = path.join(folder.path, 'models');
let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  const installed = path.join(modelsDir, DEMO_MODEL);
  cpSync(path.join(ROOT, 'models/demo-shapes'), installed, { recursive: true });
  await compile(installed, {});
});
afterAll(async () => {
  await t.stop();
  folder.remove();
});

/** The command as it is installed, on the server's database. */
function models(args: string[], { env = {}, stdin = '' } = {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', 'admin', 'models', ...args], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
        DATABASE_URL: t.database.url,
        LOG_LEVEL: 'fatal',
        MODELS_DIR: modelsDir,
        ...env,
      },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
    child.stdin.end(stdin);
  });
}

async function json(args: string[], more = {}): Promise<Record<string, unknown>> {
  const { code, out, err } = await models([...args, '--json'], more);
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as Record<string, unknown>;
}

test('a model is added, edited, priced, renamed and retired; the audit log says that the server did so', async () => {
  const file = path.join(folder.path, 'seer.yaml');
  writeFileSync(file, 'slug: acme/seer\nname: Seer\ntask: FEATURE_EXTRACTION\nsummary: Sees.\n');
  const created = await json(['create', file]);
  expect(created).toMatchObject({ slug: 'acme/seer', status: 'COMING_SOON' });
  const edited = await json(['edit', 'acme/seer', '-'], { stdin: 'license: mit\n' });
  expect(edited).toMatchObject({ license: 'mit', name: 'Seer' });
  const priced = await json(['price', 'acme/seer', 'EMBEDDING', '123']);
  expect(priced).toMatchObject({ prices: [{ unit: 'EMBEDDING', nanosPerUnit: '123' }] });
  expect(await json(['rename', 'acme/seer', 'acme/watcher'])).toMatchObject({
    slug: 'acme/watcher',
    aliases: ['acme/seer'],
  });
  expect(await json(['aliases', 'remove', 'acme/watcher', 'acme/seer'])).toEqual({
    model: 'acme/watcher',
    aliases: [],
  });
  const retired = await models(['retire', 'acme/watcher', '--reason', 'Blind.']);
  expect(retired.out).toMatch(
    /^SLUG +NAME +STATUS +NANO-USD\nacme\/watcher +Seer +RETIRED +EMBEDDING 123\n/,
  );
  const events = await t.database.query<{ action: string; user_id: string | null; os: string }>(
    `SELECT action, user_id, details->>'osUser' AS os FROM audit_event WHERE target = $1 ORDER BY id`,
    [created.id],
  );
  expect(events.map(({ action }) => action)).toEqual([
    'model.created',
    'model.edited',
    'model.priced',
    'model.renamed',
    'model.alias-removed',
    'model.retired',
  ]);
  for (const { user_id: userId, os } of events) {
    expect([userId, os]).toEqual([null, expect.any(String)]);
  }
});

test.each<[string[], string, RegExp]>([
  [['create', '-'], 'slug: [', /Not a valid model/],
  [
    ['create', '-'],
    'slug: acme/new\nname: x\nsummary: y\ntask: FEATURE_EXTRACTION\nstatus: LIVE',
    /COMING_SOON/,
  ],
  [['edit', 'no/such', '-'], 'name: x', /Model no\/such not found/],
  [['deprecate', 'timm/ViT-SO400M-14-SigLIP-384'], '', /COMING_SOON and cannot become DEPRECATED/],
])('%j is refused in one line that says why', async (args, stdin, reason) => {
  const { code, out, err } = await models(args, { stdin });
  expect([code, out]).toEqual([1, '']);
  expect(err).toMatch(reason);
  expect(err).not.toMatch(/ {4}at /);
});

test('readiness names what is missing with exit code 1; publish goes live with a predictor of its own', async () => {
  const missing = await models(['readiness', 'timm/ViT-SO400M-14-SigLIP-384', '--json']);
  expect(missing.code).toBe(1);
  expect(JSON.parse(missing.out)).toMatchObject({ ready: false });
  await t.database.query(`UPDATE model SET status = 'COMING_SOON' WHERE slug = $1`, [DEMO_MODEL]);
  const ready = await json(['readiness', DEMO_MODEL]);
  expect(ready).toMatchObject({ ready: true, model: DEMO_MODEL });
  expect(await json(['publish', DEMO_MODEL])).toMatchObject({ slug: DEMO_MODEL, status: 'LIVE' });
});

test('a provider is added with a token from stdin, which nobody sees again', async () => {
  const add = ['providers', 'add', DEMO_MODEL, 'far', 'http://127.0.0.1:9', '--token-stdin'];
  const added = await models([...add, '--json'], { stdin: 'hush-hush\n' });
  const provider = JSON.parse(added.out) as { id: string };
  expect(provider).toMatchObject({ name: 'far', hasToken: true, enabled: true });
  const rows = await t.database.query(`SELECT token FROM model_provider WHERE name = 'far'`);
  expect(rows).toEqual([{ token: 'hush-hush' }]);
  const listed = await models(['providers', 'list', DEMO_MODEL]);
  expect(listed.out).toMatch(/^prv_\w+ +far +http:\/\/127\.0\.0\.1:9 +0 +UN(KNOWN|REACHABLE)/m);
  expect(await json(['providers', 'disable', provider.id])).toMatchObject({ enabled: false });
  expect(await json(['providers', 'remove', provider.id])).toEqual({ removed: provider.id });
  expect(added.out + listed.out).not.toContain('hush');
});

test('sync asks the Hub about every model', async () => {
  const hub = await startHubModels();
  try {
    hub.models.set('timm/ViT-SO400M-14-SigLIP-384', { downloads: 5, likes: 6, tags: [] });
    const summary = await json(['sync'], { env: { HF_ENDPOINT: hub.url } });
    expect(summary).toMatchObject({ changed: 1, failed: 0 });
    const { body } = await t.gql(
      '{ model(slug: "timm/ViT-SO400M-14-SigLIP-384") { downloadsPerMonth likes } }',
    );
    expect(body.data.model).toEqual({ downloadsPerMonth: 5, likes: 6 });
  } finally {
    await hub.stop();
  }
});
