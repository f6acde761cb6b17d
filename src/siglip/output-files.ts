import { createHash } from 'node:crypto';
import { mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';

const WORK_PREFIX = '.compile-';
/** A run takes seconds: what is this old was left by one that was killed. */
const LEFTOVER_AGE_MS = 3_600_000;

/** Files that are written aside, to appear in their folder one after the other in that order. */
export class OutputFiles {
  private readonly names: string[] = [];

  constructor(private readonly work: string) {}

  /** Where to write a file of this name oneself. */
  path(name: string): string {
    this.names.push(name);
    return path.join(this.work, name);
  }

  async write(
    name: string,
    bytes: Uint8Array,
  ): Promise<{ file: string; bytes: number; sha256: string }> {
    const handle = await open(this.path(name), 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return { file: name, bytes: bytes.length, sha256: sha256(bytes) };
  }

  /** Where a file lies as long as it is not moved. */
  pathOf(name: string): string {
    return path.join(this.work, name);
  }

  /** A file that is not to appear. */
  async discard(name: string): Promise<void> {
    const at = this.names.indexOf(name);
    if (at >= 0) this.names.splice(at, 1);
    await rm(this.pathOf(name), { force: true });
  }

  async moveTo(folder: string): Promise<void> {
    for (const name of this.names) {
      await rename(path.join(this.work, name), path.join(folder, name));
    }
  }
}

/**
 * Lets `write` make files, and moves them into the folder when all are there; when it fails, the folder
 * is as before. Readers see the old file or the new one, never a part. Safe to run twice at once.
 */
export async function writeTogether<T>(
  folder: string,
  write: (files: OutputFiles) => Promise<T>,
): Promise<T> {
  await removeLeftovers(folder);
  // Inside of the folder: a rename works on one file system only.
  const work = await mkdtemp(path.join(folder, WORK_PREFIX));
  try {
    const files = new OutputFiles(work);
    const result = await write(files);
    await files.moveTo(folder);
    return result;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** In hex. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

async function removeLeftovers(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(WORK_PREFIX));
  for (const leftover of names.map((name) => path.join(folder, name))) {
    const found = await stat(leftover).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > LEFTOVER_AGE_MS) {
      await rm(leftover, { recursive: true, force: true });
    }
  }
}
