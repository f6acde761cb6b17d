import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folder.js';
import { startTestHub, type TestHub } from '../support/hub.js';

/* Before a pull: which models there are, whether they run here, what they weigh, and under which license. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const FIXTURE = path.join(ROOT, 'test/fixtures/siglip-micro');
const WEIGHTS = 'open_clip_model.safetensors';
const NAMES = ['open_clip_config.json', WEIGHTS, 'tokenizer.json', 'tokenizer_config.json'];
const content = Object.fromEntries(
  NAMES.map((name) => [name, readFileSync(path.join(FIXTURE, name))]),
);

const folder = temporaryFolder();
let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub(content, { card: { cardData: { license: 'apache-2.0' } } });
});
afterAll(async () => {
  await hub.stop();
  folder.remove();
});

function models(...args: string[]) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', 'models', ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH ?? '', MODELS_DIR: folder.path, HF_ENDPOINT: hub.url },
    });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.once('close', (code) => {
      resolve({ code, out, err });
    });
  });
}

test('a dry run says that it runs, its size and license; weights are not downloaded, nothing is kept', async () => {
  const before = hub.requests.length;
  const { code, out, err } = await models('pull', 'owner/name', '--dry-run', '--json');
  expect([code, err]).toEqual([
    0,
    expect.stringMatching(/runs here: OpenCLIP layout, \d+ MB to download, license: apache-2\.0/),
  ]);
  const bytes = Object.values(content).reduce((sum, file) => sum + file.length, 0);
  expect(JSON.parse(out)).toEqual({
    model: 'owner/name',
    commit: 'c'.repeat(40),
    license: 'apache-2.0',
    layout: 'OpenCLIP',
    bytes,
    files: expect.arrayContaining(NAMES) as string[],
  });
  expect(readdirSync(folder.path)).toEqual([]);
  const ofWeights = hub.requests.slice(before).filter((one) => one.includes(`cdn/${WEIGHTS}`));
  expect(ofWeights.every((one) => /bytes=\d+-\d+$/.test(one))).toBe(true);
});

test('a dry run refuses what a pull refuses', async () => {
  const other = await startTestHub({
    'pytorch_model.bin': Buffer.from('x'),
    'config.json': Buffer.from('{}'),
  });
  const refused = await new Promise<{ code: number | null; err: string }>((resolve) => {
    const child = spawn(
      process.execPath,
      ['dist/cli.js', 'models', 'pull', 'owner/name', '--dry-run'],
      {
        cwd: ROOT,
        env: { PATH: process.env.PATH ?? '', MODELS_DIR: folder.path, HF_ENDPOINT: other.url },
      },
    );
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err += chunk));
    child.once('close', (code) => {
      resolve({ code, err });
    });
  });
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('a pickle')]);
  await other.stop();
});

test('the license is shown by a pull, and kept', async () => {
  const { code, err } = await models('pull', 'owner/name', '--no-compile');
  expect([code, err]).toEqual([0, expect.stringContaining('license: apache-2.0')]);
  const kept = path.join(folder.path, 'owner/name/source.json');
  expect(existsSync(kept)).toBe(true);
  expect(JSON.parse(readFileSync(kept, 'utf8'))).toEqual({
    repository: 'owner/name',
    commit: 'c'.repeat(40),
    license: 'apache-2.0',
  });
});

test('a search lists models, and says which run here', async () => {
  const { code, out, err } = await models('search', 'owner');
  expect([code, err]).toEqual([0, expect.stringContaining('--dry-run')]);
  expect(out.split('\n')).toEqual([
    'owner/name     7 downloads, apache-2.0, runs, by its files',
    expect.stringMatching(
      /^owner\/pickles {2}3 downloads, no license stated, does not run: .*pickle/,
    ),
    '',
  ]);
  const { models: found } = JSON.parse((await models('search', 'pickles', '--json')).out) as {
    models: { model: string; refusal: string | null }[];
  };
  expect(found).toMatchObject([
    { model: 'owner/pickles', refusal: expect.stringContaining('pickle') as string },
  ]);
});

test.each([
  [['search'], 2, 'words'],
  [['search', 'x', '--limit', '0'], 1, 'between 1 and 100'],
  [['pull', FIXTURE, '--dry-run'], 1, 'of the Hub'],
])('%j is refused', async (args, status, message) => {
  const { code, err } = await models(...args);
  expect([code, err]).toEqual([status, expect.stringContaining(message)]);
});
