import { execFileSync } from 'node:child_process';
import fs, { type PathLike } from 'node:fs';
import promises from 'node:fs/promises';
import { Writable } from 'node:stream';
import { temporaryFolder } from './folder.js';

/** A folder whose disk can be full. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves room for so many bytes. */
  fill(roomBytes: number): void;
  free(): void;
  remove(): void;
}

const BYTES = 512 * 1024;
const CHUNK = Buffer.alloc(BYTES);

/** A file system of its own, in memory; undefined where this process may not mount one. */
export function mountedDisk(bytes = BYTES): SmallDisk | undefined {
  const folder = temporaryFolder();
  try {
    const options = `size=${String(bytes)},mode=755`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder.path], {
      stdio: 'ignore',
    });
  } catch {
    folder.remove();
    return undefined;
  }
  const filler = `${folder.path}/filler`;
  return {
    path: folder.path,
    fill: (roomBytes) => {
      try {
        for (let at = 0; at < bytes; at += CHUNK.length) fs.appendFileSync(filler, CHUNK);
      } catch {
        // All that fits is in it.
      }
      fs.truncateSync(filler, Math.max(0, fs.statSync(filler).size - roomBytes));
    },
    free: () => {
      fs.rmSync(filler);
    },
    remove: () => {
      execFileSync('umount', [folder.path]);
      folder.remove();
    },
  };
}

/** A folder into which this process writes a part of a file, and then fails as on a full disk. */
export function pretendedDisk(): SmallDisk {
  const folder = temporaryFolder();
  let isFull = false;
  const isHere = (file: unknown) => isFull && String(file).startsWith(folder.path);
  const createWriteStream = fs.createWriteStream.bind(fs);
  const writeFile = promises.writeFile.bind(promises);
  const streams = jest
    .spyOn(fs, 'createWriteStream')
    .mockImplementation(((file: PathLike, options: { flags?: string }) =>
      isHere(file)
        ? fullStream(file, options.flags ?? 'w')
        : createWriteStream(file, options)) as never);
  const files = jest.spyOn(promises, 'writeFile').mockImplementation((async (
    file: PathLike,
    data: Buffer,
    options: object,
  ) => {
    if (!isHere(file)) return writeFile(file, data, options);
    await writeFile(file, data.subarray(0, 10), options);
    throw noSpace();
  }) as never);
  return {
    path: folder.path,
    fill: () => {
      isFull = true;
    },
    free: () => {
      isFull = false;
    },
    remove: () => {
      streams.mockRestore();
      files.mockRestore();
      folder.remove();
    },
  };
}

function fullStream(file: PathLike, flags: string): Writable {
  const handle = fs.openSync(file, flags);
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      fs.writeSync(handle, chunk.subarray(0, 10));
      done(noSpace());
    },
    destroy: (error, done) => {
      fs.closeSync(handle);
      done(error);
    },
  });
}

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}
