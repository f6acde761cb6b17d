import type { Say } from '../app/startup.js';
import type { Config } from '../config/config.js';
import { AppError } from '../errors.js';
import { type FoundModel, Hub } from '../inference/index.js';
import { checkpointFiles } from '../siglip/index.js';
import { type Json, print } from './print-json.js';

/** Lists models of the Hub that match, and whether their files are in a layout that runs here. */
export async function searchModels(
  { hub: options }: Pick<Config, 'hub'>,
  words: readonly string[],
  { limit, ...json }: Json & { readonly limit: string },
  say: Say,
): Promise<void> {
  const atMost = Number(limit);
  if (!Number.isInteger(atMost) || atMost < 1 || atMost > 100)
    throw new AppError('BAD_USER_INPUT', `--limit must be between 1 and 100 (got ${limit}).`);
  const hub = new Hub(options);
  try {
    const found = await hub.search(words.join(' '), atMost);
    const models = found.map((model) => ({ ...factsOf(model), refusal: refusalOf(model) ?? null }));
    if (json.json) {
      print(json, { models });
      return;
    }
    if (models.length === 0) say('No zero-shot image classification model matches on the Hub.');
    const width = Math.max(...models.map(({ model }) => model.length));
    for (const { model, downloads, license, refusal } of models) {
      const verdict = refusal === null ? 'runs, by its files' : `does not run: ${refusal}`;
      const facts = [`${String(downloads)} downloads`, license ?? 'no license stated', verdict];
      process.stdout.write(`${model.padEnd(width)}  ${facts.join(', ')}\n`);
    }
    if (models.some(({ refusal }) => refusal === null))
      say('Check one completely with: gigarouter models pull <model> --dry-run');
  } finally {
    await hub.close();
  }
}

const factsOf = ({ repository, downloads, license }: FoundModel) => ({
  model: repository,
  downloads,
  license: license ?? null,
});

function refusalOf({ repository, names }: FoundModel): string | undefined {
  try {
    checkpointFiles(new Set(names), repository);
    return undefined;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.message;
  }
}
