import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import type { Scoring } from './checkpoint.js';
import type { ServedConfig } from './model-config.js';
import { layoutOf } from './layouts/layout.js';
import {
  type Manifest,
  MANIFEST_FILE,
  type ManifestFile,
  type ManifestVariant,
  parseManifest,
} from './manifest.js';
import { sha256 } from './output-files.js';

/** A compiled model, as the process that serves it needs it. */
export interface CompiledModel {
  /** Absolute, with every link resolved. Load graphs by their path in it: their weights lie beside. */
  readonly folder: string;
  /** Identifies the checkpoint; with the variant, the key of what may be cached. */
  readonly modelHash: string;
  readonly config: ServedConfig;
  readonly layout: Manifest['layout'];
  readonly scoring: Scoring;
  readonly weights: Manifest['weights'];
  readonly variants: Manifest['variants'];
}

/**
 * Opens what {@link compile} made of a folder. Config and graphs are checked against their hashes, weights
 * against their size only: a changed file is refused in milliseconds, not after a wrong answer.
 *
 * @throws AppError NOT_FOUND when the folder is not compiled; BAD_USER_INPUT that names the file when it
 *   is gone, changed, or of another version: compile again
 */
export async function openModel(folder: string): Promise<CompiledModel> {
  const resolved = await realpath(folder).catch(() => folder);
  const json = await readFile(path.join(resolved, MANIFEST_FILE), 'utf8').catch(
    (cause: unknown) => {
      throw new AppError('NOT_FOUND', `${folder} does not contain a compiled model.`, { cause });
    },
  );
  const { modelHash, layout, scoring, weights, variants, configs } = parseManifest(json);
  const files = new Map<string, string>();
  for (const file of configs) files.set(file.file, await readUnchanged(resolved, file));
  const config = withFace(layoutOf(layout).read(files), variants.fp32);
  for (const file of weights.files) await checkSize(resolved, file);
  for (const { image, text, data } of [variants.fp32, variants.int8 ?? variants.fp32]) {
    await readUnchanged(resolved, image);
    await readUnchanged(resolved, text);
    if (data) await checkSize(resolved, data);
  }
  return { folder: resolved, modelHash, config, layout, scoring, weights, variants };
}

/** What the graphs say of their inputs and outputs goes before what a config says of them. */
function withFace(config: ServedConfig, { image, text }: ManifestVariant): ServedConfig {
  const [embedDim, contextLength] = [image.outputs[0]?.shape[1], text.inputs[0]?.shape[1]];
  if (typeof embedDim !== 'number' || typeof contextLength !== 'number') return config;
  return { ...config, embedDim, text: { ...config.text, contextLength } };
}

async function readUnchanged(folder: string, expected: ManifestFile): Promise<string> {
  await checkSize(folder, expected);
  const bytes = await readFile(path.join(folder, expected.file));
  if (sha256(bytes) !== expected.sha256) throw changed(expected);
  return bytes.toString('utf8');
}

async function checkSize(folder: string, expected: ManifestFile): Promise<void> {
  const found = await stat(path.join(folder, expected.file)).catch(() => undefined);
  if (found?.size !== expected.bytes) throw changed(expected);
}

function changed({ file }: ManifestFile): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    `${file} is missing or has changed since it was compiled. Compile again.`,
  );
}
