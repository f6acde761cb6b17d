import type { Say } from '../app/startup.js';
import { HubModels } from '../catalog/index.js';
import type { Config } from '../config/config.js';
import { AppError } from '../errors.js';
import { describeModel, type ModelFacts, modelFolder, openModel } from '../siglip/index.js';
import { verifyModel } from './models-files.js';
import { pullModel, type PullOptions } from './models-pull.js';
import { type ModelSource, readSource } from './model-source.js';
import { print } from './print-json.js';
import { withPredictor } from './with-predictor.js';

/**
 * Pulls a model of the Hub, verifies it, adds it to the catalog with the facts that its files and the Hub state, and
 * says what is missing for it to go live. Safe to repeat: an entry that is there stays as it is.
 *
 * @throws AppError as `models pull` and `models verify`; nothing is added then
 */
export async function addModel(
  config: Pick<Config, 'modelsDir' | 'hub'>,
  repository: string,
  { json, ...options }: PullOptions,
  say: Say,
): Promise<void> {
  if (/^[./~]/.test(repository)) {
    throw new AppError(
      'BAD_USER_INPUT',
      'models add is for models of the Hub. Pull a folder and write its entry: gigarouter admin models create',
    );
  }
  await pullModel(config, repository, options, say);
  const slug = options.as ?? repository;
  await verifyModel(config.modelsDir, slug, {}, say);
  const folder = modelFolder(config.modelsDir, slug);
  const facts = describeModel(await openModel(folder));
  const entry = {
    ...entryOf(slug, facts, await readSource(folder)),
    ...(await hubFacts(config.hub, repository)),
  };
  await withPredictor(say, async ({ catalog, catalogAdmin, publishing }, by) => {
    const isThere = (await catalog.findModels([slug], new Set())).has(slug);
    if (!isThere) await catalogAdmin.create(by, entry);
    say(isThere ? `${slug} is in the catalog already.` : `${slug} was added to the catalog.`);
    const { checks } = await publishing.readiness(slug);
    for (const { requirement, met, outcome } of checks) {
      say(`${met ? 'ok     ' : 'missing'} ${requirement}: ${outcome}`);
    }
    const ready = checks.every(({ met }) => met);
    say(
      ready
        ? `Nothing is missing. Take it live: gigarouter admin models publish ${slug}`
        : `It is not live yet. See again: gigarouter admin models readiness ${slug}`,
    );
    print({ ...(json ? { json } : {}) }, { model: slug, added: !isThere, ready, checks });
  });
}

/** Only what is known: nobody reads a page that was made up. */
function entryOf(slug: string, facts: ModelFacts, source: ModelSource | undefined): object {
  const { parameters, imageSizePx, patchSizePx, embedDim, contextLength, loss } = facts;
  const side = String(imageSizePx);
  const specs = [
    { label: 'Image size', value: `${side}×${side} px` },
    ...(patchSizePx === null
      ? []
      : [{ label: 'Patch size', value: `${String(patchSizePx)}×${String(patchSizePx)} px` }]),
    { label: 'Embedding', value: `${String(embedDim)} numbers` },
    { label: 'Text context', value: `${String(contextLength)} tokens` },
    { label: 'Loss', value: loss === 'sigmoid' ? 'Sigmoid' : 'Softmax contrastive' },
    ...(source === undefined
      ? []
      : [{ label: 'Source', value: `${source.repository} at ${source.commit.slice(0, 12)}` }]),
  ];
  return {
    slug,
    name: slug.slice(slug.indexOf('/') + 1),
    task: 'ZERO_SHOT_IMAGE_CLASSIFICATION',
    summary: `Zero-shot image classification: images of ${side}×${side} pixels, texts of up to ${String(contextLength)} tokens.`,
    parameters,
    imageSizePx,
    patchSizePx,
    specs,
  };
}

async function hubFacts(options: Config['hub'], repository: string): Promise<object> {
  const hub = new HubModels(options);
  try {
    const answer = await hub.find(repository, undefined);
    if (answer.kind !== 'facts') return {};
    const { downloadsPerMonth, license, updatedOn } = answer.facts;
    return { downloadsPerMonth, license, updatedOn };
  } finally {
    await hub.close();
  }
}
