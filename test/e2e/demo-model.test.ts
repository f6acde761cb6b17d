import { cpSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  ClassificationService,
  EmbeddingService,
  ModelService,
} from '../../src/inference/index.js';
import { PredictorClient } from '../../src/predictor/client.js';
import { compile, verify } from '../../src/siglip/index.js';
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
});

test.each(['fp32', 'int8'] as const)('%s sees what its samples show', async (variant) => {
  const predictor = await startPredictorProcess(folder.path);
  const client = new PredictorClient(() => ({ url: predictor.url, token: undefined }));
  const caches = { textCacheBytesMax: 2 ** 20, imageCacheBytesMax: 2 ** 20 };
  const service = new ClassificationService(
    new EmbeddingService({ of: () => client }, { ...caches, timeoutMs: 20_000 }),
  );
  const shown = readdirSync(SAMPLES).filter((name) => name !== 'empty.png');
  const labels = shown.map((name) => path.parse(name).name.replaceAll('-', ' '));
  try {
    for (const [at, name] of shown.entries()) {
      const { ranked } = await service.classify({
        model: await new ModelService(folder.path).get('gigarouter/demo-shapes'),
        variant,
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
