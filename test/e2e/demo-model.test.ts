import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  ClassificationService,
  EmbeddingService,
  ModelService,
} from '../../src/inference/index.js';
import { ensureModels } from '../../src/app/local-models.js';
import { PredictorClient } from '../../src/predictor/client.js';
import { compile, openModel, verify } from '../../src/siglip/index.js';
import { temporaryFolder } from '../support/folder.js';
import { runGraph } from '../support/onnx.js';
import { startPredictorProcess } from '../support/predictor.js';

const DEMO = path.resolve(import.meta.dirname, '../../models/demo-shapes');
const SAMPLES = path.join(DEMO, 'samples');

const folder = temporaryFolder();
const model = path.join(folder.path, 'gigarouter/demo-shapes');
beforeAll(async () => {
  cpSync(DEMO, model, { recursive: true });
  await compile(model, { int8: true });
});
afterAll(() => {
  folder.remove();
});

test('the demo model gives what its training code gives', async () => {
  const checks = await verify(model, runGraph);
  expect(checks.map(({ name }) => name)).toEqual(['files', 'self-test', 'golden']);
  expect(checks[2]?.outcome).toMatch(/^fp32: .*; int8: /);
});

test.each(['fp32', 'int8'] as const)('%s sees what its samples show', async (variant) => {
  const predictor = await startPredictorProcess(folder.path);
  const client = new PredictorClient(() => ({ url: predictor.url, token: undefined }));
  const caches = { textCacheBytesMax: 2 ** 20, imageCacheBytesMax: 2 ** 20 };
  const service = new ClassificationService(
    new EmbeddingService({ of: () => client }, { ...caches, timeoutMs: 120_000 }),
  );
  const shown = readdirSync(SAMPLES).filter((name) => name !== 'empty.png');
  const labels = shown.map((name) => path.parse(name).name.replaceAll('-', ' '));
  try {
    for (const [at, name] of shown.entries()) {
      const { ranked } = await service.classify({
        model: await new ModelService(folder.path, variant).get('gigarouter/demo-shapes'),
        image: readFileSync(path.join(SAMPLES, name)),
        labels: [...labels, 'a cat', 'a car'],
        threshold: 0.5,
      });
      expect([name, ranked[0]?.index]).toEqual([name, at]);
      expect(ranked[0]?.probability).toBeGreaterThan(0.5);
      expect(ranked[1]?.probability).toBeLessThan(0.5);
    }
  } finally {
    await client.close();
    await predictor.end('SIGKILL');
  }
});

describe('a start', () => {
  const start = async (modelsDir: string, modelVariant: 'fp32' | 'int8') => {
    const said: string[] = [];
    await ensureModels({ modelsDir, modelVariant, demoModelDir: DEMO }, (line) => said.push(line));
    return said.join('\n');
  };
  const emptied = temporaryFolder();
  const demo = path.join(emptied.path, 'gigarouter/demo-shapes');
  const hasInt8 = async () => (await openModel(demo)).variants.int8 !== undefined;
  afterEach(() => {
    rmSync(demo, { recursive: true, force: true });
  });
  afterAll(() => {
    emptied.remove();
  });

  test('compiles it where there is no model, in int8 too', async () => {
    expect(await start(emptied.path, 'int8')).toContain('compiled gigarouter/demo-shapes');
    expect(await hasInt8()).toBe(true);
    expect(await start(emptied.path, 'int8')).toBe('models: gigarouter/demo-shapes');
  });

  test('adds int8 to one that was compiled without, once callers are to get it', async () => {
    cpSync(DEMO, demo, { recursive: true });
    const { modelHash } = await compile(demo);
    await start(emptied.path, 'fp32');
    expect(await hasInt8()).toBe(false);
    expect(await start(emptied.path, 'int8')).toContain('compiled gigarouter/demo-shapes anew');
    expect(await hasInt8()).toBe(true);
    expect((await openModel(demo)).modelHash).toBe(modelHash);
  });

  test.each<[string, (manifest: string) => string]>([
    ['another version', (manifest) => manifest.replace(/"recipe": \d+/, '"recipe": 1')],
    ['who knows what', () => '{'],
  ])('compiles it anew when it was compiled by %s', async (_whom, change) => {
    cpSync(DEMO, demo, { recursive: true });
    await compile(demo);
    const file = path.join(demo, 'gigarouter.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    expect(await start(emptied.path, 'fp32')).toContain('compiled gigarouter/demo-shapes anew');
    expect(await hasInt8()).toBe(true);
    expect(await start(emptied.path, 'fp32')).toBe('models: gigarouter/demo-shapes');
  });

  test('goes on when that cannot be done, and says why', async () => {
    cpSync(DEMO, demo, { recursive: true });
    await compile(demo);
    rmSync(path.join(demo, 'text.onnx'));
    truncateSync(path.join(demo, 'open_clip_model.safetensors'), 1_000_000);
    expect(await start(emptied.path, 'int8')).toMatch(/could not be compiled anew: .*safetensors/);
  });
});
