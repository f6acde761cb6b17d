import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { AppError } from '../errors.js';

/** A file of a repository, as the Hub lists it. */
export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  /** Git's hash of a small file (SHA-1, with its header), or the SHA-256 of a large one. */
  readonly hash: { readonly kind: 'git' | 'sha256'; readonly hex: string };
}

/** Left free on the disk, beside the files. */
const SPARE_BYTES = 256 * 2 ** 20;

/** @throws AppError BAD_USER_INPUT when what is still missing does not fit on the disk */
export async function checkDisk(folder: string, files: readonly HubFile[]): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  let needed = SPARE_BYTES;
  for (const { name, bytes, hash } of files) {
    const target = path.join(folder, name);
    const [whole, part] = await Promise.all(
      [target, `${target}.${hash.hex.slice(0, 12)}.part`].map((one) =>
        stat(one).catch(() => undefined),
      ),
    );
    needed += Math.max(0, bytes - Math.max(whole?.size ?? 0, part?.size ?? 0));
  }
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new AppError(
    'BAD_USER_INPUT',
    `The disk of ${folder} has ${megabytes(free)} free; ${megabytes(needed)} are needed. Set MODELS_DIR to a folder on a larger disk.`,
  );
}

const megabytes = (bytes: number) => `${String(Math.ceil(bytes / 1e6))} MB`;

/** Undefined when there is no such file. */
export async function hashFile(
  file: string,
  { bytes, hash }: HubFile,
): Promise<{ sha256: string; fits: boolean } | undefined> {
  if ((await stat(file).catch(() => undefined))?.size !== bytes) return undefined;
  const sha256 = createHash('sha256');
  const git = createHash('sha1').update(`blob ${String(bytes)}\0`);
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) {
    sha256.update(chunk as Buffer);
    if (hash.kind === 'git') git.update(chunk as Buffer);
  }
  const hex = sha256.digest('hex');
  return { sha256: hex, fits: hash.hex === (hash.kind === 'git' ? git.digest('hex') : hex) };
}
