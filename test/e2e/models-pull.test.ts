import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folder.js';
import { startTestHub, type TestHub } from '../support/hub.js';

/* The command as it is installed, against a server that speaks the Hub's endpoints, and misbehaves. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const FIXTURE = path.join(ROOT, 'test/fixtures/siglip-micro');
const WEIGHTS = 'open_clip_model.safetensors';
const NAMES = ['open_clip_config.json', WEIGHTS, 'tokenizer.json', 'tokenizer_config.json'];

const content = Object.fromEntries(
  [...NAMES, 'golden.json'].map((name) => [name, readFileSync(path.join(FIXTURE, name))]),
);
const weights = content[WEIGHTS] ?? Buffer.alloc(0);
const folder = temporaryFolder();
const model = path.join(folder.path, 'owner/name');

let hub: TestHub;
beforeEach(async () => {
  rmSync(path.join(folder.path, 'owner'), { recursive: true, force: true });
  hub = await startTestHub(content);
});
afterEach(() => hub.stop());
afterAll(() => {
  folder.remove();
});

function models(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return modelsWith({}, ...args);
}

function modelsWith(env: Record<string, string>, ...args: string[]) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', 'models', ...args], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
        MODELS_DIR: folder.path,
        HF_ENDPOINT: hub.url,
        PREDICTOR_THREADS: '1',
        ...env,
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

const isWhole = () =>
  Object.entries(content).every(
    ([name, bytes]) =>
      existsSync(path.join(model, name)) && readFileSync(path.join(model, name)).equals(bytes),
  );

test('pull, list, verify, classify, remove: a model’s whole life', async () => {
  const pulled = await models('pull', 'owner/name', '--int8', '--json');
  expect([pulled.code, pulled.err]).toEqual([0, expect.stringContaining('Compiled')]);
  expect(isWhole()).toBe(true);
  expect(JSON.parse(pulled.out)).toMatchObject({
    model: 'owner/name',
    modelHash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });

  expect((await models('list')).out).toBe('owner/name  76×76 px, fp32, int8\n');

  const verified = await models('verify', 'owner/name');
  const outcome = /golden: fp32: .* ids equal.*; int8: .* ids equal/;
  expect([verified.code, verified.err]).toEqual([0, expect.stringMatching(outcome)]);

  const picture = path.join(FIXTURE, '../images/rgb.png');
  const args = ['classify', picture, picture, '--labels', 'a cat, a dog'];
  const table = await models(...args);
  expect([table.code, table.out]).toEqual([0, expect.stringMatching(/a (cat|dog) +\d+\.\d %/)]);
  const { results } = JSON.parse((await models(...args, '--json')).out) as {
    results: { scores: { label: string; share: number }[] }[];
  };
  expect(results).toHaveLength(2);
  expect(results[0]?.scores.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);

  expect((await models('remove', 'owner/name')).code).toBe(0);
  expect(existsSync(model)).toBe(false);
});

test('a download that is cut goes on where it ended', async () => {
  const half = Math.floor(weights.length / 2);
  hub.once(`cdn/${WEIGHTS}`, (_request, response) => {
    response.writeHead(200, { 'content-length': weights.length });
    response.write(weights.subarray(0, half), () => {
      response.destroy();
    });
  });
  expect((await models('pull', 'owner/name', '--no-compile')).code).toBe(0);
  expect(isWhole()).toBe(true);
  const ranges = hub.requests.filter((one) => one.includes('cdn') && /bytes=\d+-$/.test(one));
  expect(ranges).toHaveLength(1);
  expect(Number(/bytes=(\d+)-/.exec(ranges[0] ?? '')?.[1])).toBeGreaterThan(0);
});

test('a server that knows no ranges sends all again, and that is no fault', async () => {
  const cut =
    (sent: number) => (_request: unknown, response: import('node:http').ServerResponse) => {
      response.writeHead(200, { 'content-length': weights.length });
      response.write(weights.subarray(0, sent), () => {
        response.destroy();
      });
    };
  hub.once(`cdn/${WEIGHTS}`, cut(1_000));
  hub.once(WEIGHTS, (_request, response) => {
    hub.once(WEIGHTS, (_again, whole) => {
      whole.writeHead(200, { 'content-length': weights.length });
      whole.end(weights);
    });
    response.writeHead(302, { location: `/cdn/${WEIGHTS}` }).end();
  });
  expect((await models('pull', 'owner/name', '--no-compile')).code).toBe(0);
  expect(isWhole()).toBe(true);
});

test('a second pull downloads nothing that is there', async () => {
  await models('pull', 'owner/name', '--no-compile');
  const before = hub.requests.length;
  expect((await models('pull', 'owner/name', '--no-compile')).code).toBe(0);
  expect(hub.requests.slice(before)).toEqual(['GET /api/models/owner/name/revision/main']);
});

test('bytes that do not have the listed hash are refused, and nothing of them stays', async () => {
  hub.list(WEIGHTS, { sha256: '0'.repeat(64) });
  const { code, err } = await models('pull', 'owner/name');
  expect([code, err]).toEqual([1, expect.stringContaining(`${WEIGHTS} does not have the hash`)]);
  expect(readdirSync(model).filter((name) => name.includes(WEIGHTS))).toEqual([]);
});

test('a busy server is asked again', async () => {
  hub.once('tokenizer.json', (_request, response) => {
    response.writeHead(503).end();
  });
  expect((await models('pull', 'owner/name', '--no-compile')).code).toBe(0);
  expect(isWhole()).toBe(true);
});

test('a repository that is not there, private, or of another layout gets a plain word', async () => {
  const missing = await models('pull', 'owner/other');
  expect([missing.code, missing.err]).toEqual([1, expect.stringContaining('does not exist')]);

  const gated = await startTestHub(content, { token: 'hush-hush' });
  const refused = await modelsWith({ HF_ENDPOINT: gated.url }, 'pull', 'owner/name');
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('Set HF_TOKEN')]);
  const env = { HF_ENDPOINT: gated.url, HF_TOKEN: 'hush-hush' };
  const allowed = await modelsWith(env, 'pull', 'owner/name', '--no-compile');
  expect([allowed.code, allowed.err]).toEqual([0, expect.not.stringContaining('hush')]);
  await gated.stop();

  const other = await startTestHub({ 'README.md': Buffer.from('# Another layout') });
  const unfit = await modelsWith({ HF_ENDPOINT: other.url }, 'pull', 'owner/name');
  expect([unfit.code, unfit.err]).toEqual([
    1,
    expect.stringContaining(`There is no file ${NAMES[0] ?? ''}`),
  ]);
  await other.stop();
});

test('weights that do not fit the config are refused by their headers, before they are downloaded', async () => {
  const config = content['open_clip_config.json']?.toString() ?? '';
  const other = await startTestHub({
    ...content,
    'open_clip_config.json': Buffer.from(config.replace(/"layers": \d+/, '"layers": 7')),
  });
  const { code, err } = await modelsWith({ HF_ENDPOINT: other.url }, 'pull', 'owner/name');
  expect([code, err]).toEqual([
    1,
    expect.stringContaining('text blocks, but its config asks for 7'),
  ]);
  const ofWeights = other.requests.filter((one) => one.includes(`cdn/${WEIGHTS}`));
  expect(ofWeights).toEqual([
    expect.stringMatching(/ bytes=0-7$/),
    expect.stringMatching(/ bytes=8-\d+$/),
  ]);
  await other.stop();
});

test('pickles are refused, with the reason', async () => {
  const names = ['config.json', 'preprocessor_config.json', 'tokenizer.json', 'pytorch_model.bin'];
  const other = await startTestHub(
    Object.fromEntries(names.map((name) => [name, Buffer.from('{}')])),
  );
  const { code, err } = await modelsWith({ HF_ENDPOINT: other.url }, 'pull', 'owner/name');
  expect([code, err]).toEqual([1, expect.stringMatching(/pytorch_model\.bin only: a pickle/)]);
  expect(other.requests).toHaveLength(1);
  await other.stop();
});

test('more than the disk holds is refused before anything is downloaded', async () => {
  hub.list(WEIGHTS, { size: 2 ** 50 });
  const { code, err } = await models('pull', 'owner/name');
  expect([code, err]).toEqual([1, expect.stringMatching(/MB free; \d+ MB are needed/)]);
  expect(hub.requests).toEqual(['GET /api/models/owner/name/revision/main']);
});

test.each(['../../etc', 'owner', 'a/b/c', 'owner/..'])('%s leads nowhere', async (name) => {
  const { code, err } = await models('remove', name);
  expect([code, err]).toEqual([1, expect.stringContaining('Use the form owner/name')]);
});

test('a folder is copied as it is', async () => {
  expect((await models('pull', FIXTURE, '--as', 'owner/name')).code).toBe(0);
  expect(isWhole()).toBe(true);
  expect((await models('verify', 'owner/name')).code).toBe(0);
  // It was not compiled in int8, and is not passed off as that.
  const args = ['classify', path.join(FIXTURE, '../images/rgb.png'), '--labels', 'a'];
  const { code, err } = await models(...args, '--variant', 'int8');
  expect([code, err]).toEqual([1, expect.stringContaining('models compile owner/name --int8')]);
});
