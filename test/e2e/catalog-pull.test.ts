import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pullModel } from '../../src/commands/models-pull.js';
import { temporaryFolder } from '../support/folder.js';
import { type PublishedHub, startPublishedHub } from '../support/published-hub.js';

/* Which models of the catalog run, by what their repositories hold: configurations, lists of files, headers of weights. */

const SEED = path.resolve(import.meta.dirname, '../../prisma/seed/models');
const SLUGS = readdirSync(SEED)
  .map((name) => /^slug: (.+)$/m.exec(readFileSync(path.join(SEED, name), 'utf8'))?.[1] ?? '')
  // Its weights are in this repository.
  .filter((slug) => slug !== 'gigarouter/demo-shapes');

const folder = temporaryFolder();
let hub: PublishedHub;
beforeAll(async () => {
  hub = await startPublishedHub();
});
afterAll(async () => {
  await hub.stop();
  folder.remove();
});

/** What a dry run says. */
async function dryRun(repository: string): Promise<string> {
  const said: string[] = [];
  const options = { revision: 'main', compile: true, dryRun: true } as const;
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

test('all but three of the catalog run, directly or by a twin; the others say what is missing', async () => {
  const verdicts = new Map<string, string>();
  for (const slug of SLUGS) {
    const said = await dryRun(slug);
    const [, twin] = /pull ([\w-]+\/[\w.-]+\w)/i.exec(said) ?? [];
    const saidOfTwin = RUNS.test(said) || twin === undefined ? said : await dryRun(twin);
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
    'apple/MobileCLIP-S2-OpenCLIP': expect.stringContaining('this is MobileCLIP') as string,
  });
});
