import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';
import { MANIFEST_FILE } from './manifest.js';
import { GRAPHS_FOLDER } from './ready-graphs/graph-files.js';

/** A slug as a path: letters, digits, `.`, `_`, `-`; two parts; neither begins with a dot. */
const SLUG = /^[A-Za-z0-9_-][\w.-]{0,95}\/[A-Za-z0-9_-][\w.-]{0,95}$/;

/**
 * Where a model's files lie: `<root>/<owner>/<name>`.
 * @throws AppError BAD_USER_INPUT for a slug that is not `owner/name`, and so for every path out of `root`
 */
export function modelFolder(root: string, slug: string): string {
  if (!SLUG.test(slug)) {
    throw new AppError('BAD_USER_INPUT', `${slug} is not a model. Use the form owner/name.`);
  }
  return path.join(root, slug);
}

/** A file of a model as it was published. */
export interface PublishedFile {
  readonly name: string;
  readonly bytes: number;
}

/** Files of a model as it was published, without what was compiled of it, sorted; none when it is not there. */
export async function listPublishedFiles(folder: string): Promise<PublishedFile[]> {
  const names = (await namesIn(folder)).filter(
    (name) => name !== MANIFEST_FILE && !/^\.|\.onnx$|\.int8\.bin$/.test(name),
  );
  const files = await Promise.all(
    names.map(async (name) => {
      const found = await stat(path.join(folder, name)).catch(() => undefined);
      return found?.isFile() === true ? [{ name, bytes: found.size }] : [];
    }),
  );
  return files.flat().sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Slugs of the models in `root` that are compiled, sorted; none when there is no such folder. */
export async function listModelFolders(root: string): Promise<string[]> {
  const slugs: string[] = [];
  for (const owner of await namesIn(root)) {
    for (const name of await namesIn(path.join(root, owner))) {
      const slug = `${owner}/${name}`;
      if (!SLUG.test(slug)) continue;
      const manifest = await stat(path.join(root, slug, MANIFEST_FILE)).catch(() => undefined);
      if (manifest?.isFile()) slugs.push(slug);
    }
  }
  return slugs.sort();
}

/** Names of a folder's files, and of those in its `onnx/`. @throws Error when there is no such folder */
export async function listFiles(folder: string): Promise<ReadonlySet<string>> {
  const graphs = await namesIn(path.join(folder, GRAPHS_FOLDER));
  return new Set([...(await readdir(folder)), ...graphs.map((name) => `${GRAPHS_FOLDER}/${name}`)]);
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw error;
  });
  return names;
}
