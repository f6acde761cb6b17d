import { cpSync } from 'node:fs';
import path from 'node:path';
import { ModelService } from '../../src/inference/index.js';
import { PredictorClient } from '../../src/predictor/client.js';
import { graphName } from '../../src/predictor/graph-name.js';
import { checkGolden, compile, readGolden } from '../../src/siglip/index.js';
import { temporaryFolder } from '../support/folder.js';
import { breakScales } from '../support/int8.js';
import { type PredictorProcess, startPredictorProcess } from '../support/predictor.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CHECKPOINTS = {
  random: path.join(ROOT, 'test/fixtures/siglip-micro'),
  trained: path.join(ROOT, 'models/demo-shapes'),
};
const NAMES = ['random', 'trained'] as const;

const folder = temporaryFolder();
const models = new ModelService(folder.path, 'int8');
let predictor: PredictorProcess;
let client: PredictorClient;
beforeAll(async () => {
  for (const name of NAMES) {
    for (const slug of [`bits-8/${name}`, `bits-7/${name}`, `broken/${name}`]) {
      const model = path.join(folder.path, slug);
      cpSync(CHECKPOINTS[name], model, { recursive: true });
      await compile(model, { int8: true, weightBits: slug.startsWith('bits-7') ? 7 : 8 });
    }
    await breakScales(path.join(folder.path, 'broken', name));
  }
  predictor = await startPredictorProcess(folder.path, { PREDICTOR_VARIANTS: 'int8' });
  client = new PredictorClient(() => ({ url: predictor.url, token: undefined }));
});
afterAll(async () => {
  await client.close();
  await predictor.end('SIGKILL');
  folder.remove();
});

async function check(slug: string): Promise<string> {
  const model = await models.get(slug);
  const golden = await readGolden(model);
  if (golden === undefined) throw new Error('There is no golden.json.');
  return checkGolden(model, golden, async (tower, input) => {
    const name = model.graphs[tower].inputs[0]?.name ?? '';
    const graph = graphName(slug, 'int8', tower);
    const { data } = await client.infer(graph, name, input, { timeoutMs: 120_000 });
    return data as Float32Array;
  });
}

describe.each(NAMES)('weights that are %s', (name) => {
  test.each([8, 7])('pass in %d bits', async (bits) => {
    expect(await check(`bits-${String(bits)}/${name}`)).toMatch(/^int8: .* ids equal/);
  });

  test('do not pass when each column has the scale of the next one', async () => {
    await expect(check(`broken/${name}`)).rejects.toMatchObject({
      code: 'BAD_USER_INPUT',
      message: expect.stringMatching(/its int8 embedding differs from golden\.json/) as string,
    });
  });
});
