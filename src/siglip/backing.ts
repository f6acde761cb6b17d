import type { CompiledModel } from './compiled-model.js';
import { type Golden, readGolden } from './golden.js';
import { readSelfReference } from './reference/self-reference.js';

/**
 * What says that a model's scores are right:
 * - `golden`: vectors of the reference implementation (`golden.json`), whoever put them there
 * - `self`: this project's own float64 reference alone. It reads the configuration as the graphs do, so a mistake in that
 *   is in both: the model is unverified
 */
export type Backing = 'golden' | 'self';

/** Vectors to compare a model with, and where they are from. */
export interface Reference {
  readonly backing: Backing;
  readonly golden: Golden;
}

/**
 * The best that lies beside a model's files.
 * @returns undefined where nothing says anything
 * @throws AppError BAD_USER_INPUT when `golden.json` is not as it should be
 */
export async function readReference(
  model: Pick<CompiledModel, 'folder' | 'modelHash'>,
): Promise<Reference | undefined> {
  const golden = await readGolden(model);
  if (golden !== undefined) return { backing: 'golden', golden };
  const self = await readSelfReference(model);
  return self === undefined ? undefined : { backing: 'self', golden: self };
}
