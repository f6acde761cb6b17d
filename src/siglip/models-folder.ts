import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import { MANIFEST_FILE } from './manifest.js';

/** A slug as a path: letters, digits, `.`, `_`, `-`; two parts; neither begins with a dot. */
const SLUG = /^[A-Za-z0-9_-][\w.-]{0,95}\/[A-Za-z0-9_-][\w.-]{0,95}$/;

/**
 * Where a model's files lie: `<root>/<owner>/<name>`.
 * @throws AppError BAD_USER_INPUT for a slug that is not `owner/name`, and so for every path out of `root`
 */
export function modelFolder(root: string, slug: string): string {
  if (!SLUG.test(slug)) {
    throw new AppError('BAD_USER_INPUT', `${slug} is no model: write owner/name.`);
  }
  return path.join(root, slug);
}

/** Slugs of the models in `root` that are compiled, sorted; none when there is no such folder. */
export async function listModelFolders(root: string): Promise<string[]> {
  const slugs: string[] = [];
  for (const owner of await subfolders(root)) {
    for (const name of await subfolders(path.join(root, owner))) {
      const slug = `${owner}/${name}`;
      if (!SLUG.test(slug)) continue;
      const manifest = await stat(path.join(root, slug, MANIFEST_FILE)).catch(() => undefined);
      if (manifest?.isFile()) slugs.push(slug);
    }
  }
  return slugs.sort();
}

async function subfolders(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  });
  return names;
}
