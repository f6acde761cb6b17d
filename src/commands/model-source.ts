import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const SOURCE_FILE = 'source.json';

const sourceSchema = z.object({
  /** `owner/name` on the Hub. */
  repository: z.string(),
  /** 40 hexadecimal digits. */
  commit: z.string(),
  /** As the model card states it, such as `apache-2.0`; null where it states none. */
  license: z.string().nullable(),
});

/** Where a model was pulled from. Kept beside its files. */
export type ModelSource = z.infer<typeof sourceSchema>;

export async function writeSource(folder: string, source: ModelSource): Promise<void> {
  await writeFile(path.join(folder, SOURCE_FILE), `${JSON.stringify(source, null, 2)}\n`);
}

/** @returns undefined for a model that was copied from a folder, or pulled by an earlier version */
export async function readSource(folder: string): Promise<ModelSource | undefined> {
  const text = await readFile(path.join(folder, SOURCE_FILE), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return sourceSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
