import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { startTestApp, type TestApp } from '../support/app.js';
import { temporaryFolder } from '../support/folder.js';
import { startTestHub, type TestHub } from '../support/hub.js';

/* From a name on the Hub to an entry in the catalog. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const FIXTURE = path.join(ROOT, 'test/fixtures/siglip-micro');
const FILES = [
  'open_clip_config.json',
  'open_clip_model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
  'golden.json',
];

const folder = temporaryFolder();
let t: TestApp;
let hub: TestHub;
beforeAll(async () => {
  t = await startTestApp();
  hub = await startTestHub(
    Object.fromEntries(FILES.map((name) => [name, readFileSync(path.join(FIXTURE, name))])),
    { card: { cardData: { license: 'apache-2.0' } } },
  );
});
afterAll(async () => {
  await hub.stop();
  await t.stop();
  folder.remove();
});

function models(...args: string[]) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', 'models', ...args], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
        DATABASE_URL: t.database.url,
        LOG_LEVEL: 'fatal',
        MODELS_DIR: folder.path,
        HF_ENDPOINT: hub.url,
        PREDICTOR_THREADS: '1',
      },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
  });
}

test('a model is pulled, verified and added with the facts that are known; what is missing is said', async () => {
  const { code, out, err } = await models('add', 'owner/name', '--json');
  expect([code, err]).toEqual([0, expect.stringContaining('owner/name was added to the catalog.')]);
  expect(err).toMatch(/ok {2}golden: /);
  expect(err).toMatch(/missing prices: There is no price for/);
  expect(JSON.parse(out)).toMatchObject({
    model: 'owner/name',
    added: true,
    ready: false,
    checks: [{ met: true }, { requirement: 'prices', met: false }, { met: true }],
  });
  const { body } = await t.gql(
    `{ model(slug: "owner/name") { name status license parameters imageSizePx patchSizePx downloadsPerMonth updatedOn
       about specs { label value } } }`,
  );
  expect(body.data?.model).toEqual({
    name: 'name',
    status: 'COMING_SOON',
    license: 'apache-2.0',
    parameters: expect.any(Number) as number,
    imageSizePx: 76,
    patchSizePx: expect.any(Number) as number,
    downloadsPerMonth: 7,
    updatedOn: '2026-05-04',
    about: null,
    specs: expect.arrayContaining([
      { label: 'Image size', value: '76×76 px' },
      { label: 'Source', value: `owner/name at ${'c'.repeat(12)}` },
    ]) as object[],
  });
});

test('an entry that is there stays as it is', async () => {
  const { code, out } = await models('add', 'owner/name', '--json');
  expect([code, JSON.parse(out)]).toMatchObject([0, { added: false }]);
});

test('a model that is not there, or a folder, is not added', async () => {
  expect(await models('add', 'owner/none')).toMatchObject({
    code: 1,
    err: expect.stringContaining('does not exist') as string,
  });
  expect(await models('add', './folder')).toMatchObject({
    code: 1,
    err: expect.stringContaining('for models of the Hub') as string,
  });
});
