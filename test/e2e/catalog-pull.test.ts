import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pullModel } from '../../src/commands/models-pull.js';
import { temporaryFolder } from '../support/folder.js';
import {
  type PublishedHub,
  type PublishedRepository,
  startPublishedHub,
} from '../support/published-hub.js';

/* Which models of the catalog run, by what their repositories hold: configurations, lists of files, headers of weights. */

const SEED = path.resolve(import.meta.dirname, '../../prisma/seed/models');
const SLUGS = readdirSync(SEED)
  .map((name) => /^slug: (.+)$/m.exec(readFileSync(path.join(SEED, name), 'utf8'))?.[1] ?? '')
  // Its weights are in this repository.
  .filter((slug) => slug !== 'gigarouter/demo-shapes');

/** As its users name its files and settings. Graphs are not read before they are downloaded. */
const MOBILE_CLIP: PublishedRepository = {
  license: null,
  tokenizer: 'clip',
  json: {
    'config.json': { model_type: 'clip' },
    'preprocessor_config.json': {
      crop_size: { height: 256, width: 256 },
      do_center_crop: true,
      do_normalize: false,
      do_resize: true,
      resample: 2,
      size: { shortest_edge: 256 },
    },
  },
  tensors: {},
  weights: [],
  others: ['onnx/vision_model.onnx', 'onnx/text_model.onnx', 'onnx/vision_model_fp16.onnx'],
};

const folder = temporaryFolder();
let hub: PublishedHub;
beforeAll(async () => {
  hub = await startPublishedHub({ 'Xenova/mobileclip_s2': MOBILE_CLIP });
});
afterAll(async () => {
  await hub.stop();
  folder.remove();
});

/** What a dry run says. */
async function dryRun(repository: string, logitScale?: string): Promise<string> {
  const said: string[] = [];
  const scale = logitScale === undefined ? {} : { logitScale };
  const options = { revision: 'main', compile: true, dryRun: true, ...scale } as const;
  const config = { modelsDir: folder.path, hub: { endpoint: hub.url, token: undefined } };
  try {
    await pullModel(config, repository, options, (line) => said.push(line));
  } catch (error) {
    said.push((error as Error).message);
  }
  return said.join('\n');
}

const RUNS = /^(?<repository>\S+) runs here: /;

test('the catalog has twenty models of the Hub, and each is known here', () => {
  expect(SLUGS).toHaveLength(20);
  expect(SLUGS.filter((slug) => !hub.repositories.has(slug))).toEqual([]);
});

test('at least 18 of the catalog run, directly or by a twin; the others say what is missing', async () => {
  const verdicts = new Map<string, string>();
  for (const slug of SLUGS) {
    const said = await dryRun(slug);
    const [, twin, scale] =
      /pull (?:its ready-made graphs instead: )?([\w-]+\/[\w.-]+\w)(?: --logit-scale (\d+))?/i.exec(
        said,
      ) ?? [];
    const saidOfTwin = RUNS.test(said) || twin === undefined ? said : await dryRun(twin, scale);
    verdicts.set(slug, RUNS.test(saidOfTwin) ? 'runs' : said);
  }
  const others = [...verdicts].filter(([, verdict]) => verdict !== 'runs');
  expect(Object.fromEntries(others)).toEqual({
    'apple/DFN5B-CLIP-ViT-H-14-378': expect.stringContaining(
      'open_clip_pytorch_model.bin only: a pickle',
    ) as string,
    'timm/eva02_large_patch14_clip_336.merged2b_s6b_b61k': expect.stringContaining(
      'this is EVA-CLIP',
    ) as string,
  });
  expect(SLUGS.length - others.length).toBeGreaterThanOrEqual(18);
});

test('graphs that compute no scores need a scale, which is named', async () => {
  expect(await dryRun('Xenova/mobileclip_s2')).toMatch(/No graph says how scores are scaled/);
});
