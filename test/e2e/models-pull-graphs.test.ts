import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { temporaryFolder } from '../support/folder.js';
import { startTestHub, type TestHub } from '../support/hub.js';

/* What a pull makes of ready-made graphs, and what says that a model's scores are right. */

const ROOT = path.resolve(import.meta.dirname, '../..');
const FIXTURE = path.join(ROOT, 'test/fixtures/siglip-micro');
const WEIGHTS = 'open_clip_model.safetensors';
const NAMES = ['open_clip_config.json', WEIGHTS, 'tokenizer.json', 'tokenizer_config.json'];

const content = Object.fromEntries(
  NAMES.map((name) => [name, readFileSync(path.join(FIXTURE, name))]),
);
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

function models(...args: string[]) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, ['dist/cli.js', 'models', ...args], {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
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

interface Score {
  readonly label: string;
  readonly probability: number;
}

test('a model without golden.json is compared with this project’s own reference, or not verified', async () => {
  await hub.stop();
  hub = await startTestHub(content);
  const pulled = await models('pull', 'owner/name');
  expect([pulled.code, pulled.err]).toEqual([
    0,
    expect.stringContaining('The reference of owner/name'),
  ]);
  const verified = await models('verify', 'owner/name');
  expect(verified).toMatchObject({
    code: 0,
    err: expect.stringMatching(/ok {2}self-reference: .*unverified/) as string,
  });
  const picture = path.join(FIXTURE, '../images/rgb.png');
  const { err, out } = await models('classify', picture, '--labels', 'a cat,😀', '--json');
  expect(err).toContain('Warning: Label 2 ("😀") has no text that the model reads');
  expect((JSON.parse(out) as { results: object[] }).results[0]).toMatchObject({
    warnings: [{ index: 1, kind: 'UNREAD' }],
  });
  rmSync(path.join(model, 'self-reference.json'));
  const unbacked = await models('verify', 'owner/name');
  expect(unbacked).toMatchObject({
    code: 1,
    err: expect.stringMatching(/no {2}reference: Nothing says that its scores are right/) as string,
  });
  expect((await models('pull', 'owner/name', '--no-reference')).err).not.toContain('The reference');
  expect((await models('reference', 'owner/name')).code).toBe(0);
});

test('ready-made graphs are pulled, tried, and score as the checkpoint that they were made of', async () => {
  const fixtures = path.join(ROOT, 'test/fixtures');
  const read = (...names: string[]) => readFileSync(path.join(fixtures, ...names));
  const beside = [
    'config.json',
    'preprocessor_config.json',
    'spiece.model',
    'tokenizer_config.json',
  ];
  const checkpoint = ['model.safetensors.index.json'];
  checkpoint.push(...[1, 2].map((at) => `model-0000${String(at)}-of-00002.safetensors`));
  const small = Object.fromEntries(beside.map((name) => [name, read('hf-siglip-micro', name)]));
  const scores = async (files: Record<string, Buffer>, ...args: string[]) => {
    await hub.stop();
    hub = await startTestHub({ ...small, ...files });
    expect(await models('pull', 'owner/name', ...args)).toMatchObject({ code: 0 });
    const picture = path.join(fixtures, 'images/rgb.png');
    const variant = args.includes('--int8') ? 'int8' : 'fp32';
    const { out } = await models(
      ...['classify', picture, '--labels', 'a cat, a dog', '--variant', variant, '--json'],
    );
    const { results } = JSON.parse(out) as { results: { scores: Score[] }[] };
    rmSync(path.join(folder.path, 'owner'), { recursive: true });
    return results[0]?.scores ?? [];
  };
  const graphs = { 'onnx/model.onnx': read('onnx-siglip-micro/onnx/model.onnx') };
  const eight = {
    'onnx/model_quantized.onnx': read('onnx-siglip-micro/onnx/model_quantized.onnx'),
  };
  const wanted = await scores(
    Object.fromEntries(checkpoint.map((name) => [name, read('hf-siglip-micro', name)])),
  );
  const got = await scores({ ...graphs, ...eight });
  expect(hub.requests.filter((one) => one.includes('quantized'))).toEqual([]);
  expect(got.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
  for (const [at, { probability }] of got.entries()) {
    expect(probability).toBeCloseTo(wanted[at]?.probability ?? NaN, 4);
  }
  const int8 = await scores({ ...graphs, ...eight }, '--int8');
  expect(int8).toHaveLength(2);
});

test('ready-made graphs that do not run leave nothing that is served', async () => {
  await hub.stop();
  const fixtures = path.join(ROOT, 'test/fixtures');
  const read = (...names: string[]) => readFileSync(path.join(fixtures, ...names));
  const graph = read('onnx-siglip-micro/onnx/model.onnx').toString('latin1');
  hub = await startTestHub({
    ...Object.fromEntries(
      ['config.json', 'preprocessor_config.json', 'spiece.model', 'tokenizer_config.json'].map(
        (name) => [name, read('hf-siglip-micro', name)],
      ),
    ),
    // An operator that there is not.
    'onnx/model.onnx': Buffer.from(
      graph.replaceAll('LayerNormalization', 'NormalizationLayer'),
      'latin1',
    ),
  });
  const { code, err } = await models('pull', 'owner/name');
  expect([code, err]).toEqual([1, expect.stringContaining('Its graphs do not run')]);
  expect((await models('list')).out).toBe('');
});
