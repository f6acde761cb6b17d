import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../errors.js';
import { orDiskFull } from '../platform/disk-full.js';
import { newId, type UploadId } from '../platform/ids.js';
import { detectFormat } from '../siglip/index.js';
import { IMAGE_BYTES_MAX } from './image-source.js';
import { JSONL, JSONL_BYTES_MAX, JSONL_LINES_MAX } from './upload.js';

/** What was written of a file. */
export interface Written {
  readonly bytes: number;
  readonly sha256: Buffer;
  /** As its first bytes say, "image/…"; all text is "application/jsonl". */
  readonly mediaType: string;
}

/** Where a part of a file begins and ends, the last byte included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Enough to tell every format that is taken. */
const HEAD_BYTES = 64;
const NEWLINE = 0x0a;

/** The files of uploads, each under its id; for several servers a shared folder. */
export class UploadFolder {
  constructor(private readonly folder: string) {}

  /**
   * Writes a file down as it comes: an image, or lines of text. What is refused or breaks off leaves nothing.
   * @param limits `imageOnly`: text is refused at its head; `bytesMax`: besides the limit of its kind
   * @throws AppError PAYLOAD_TOO_LARGE; UNSUPPORTED_MEDIA_TYPE for other formats, and text that is no UTF-8; CONFLICT for
   *   more than `bytesMax`; INSUFFICIENT_STORAGE
   */
  async receive(
    id: UploadId,
    content: AsyncIterable<Buffer>,
    limits: { readonly imageOnly: boolean; readonly bytesMax: number },
  ): Promise<Written> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    let bytes = 0;
    let kind: FileKind | undefined;
    try {
      await pipeline(
        withHead(content),
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            kind ??= kindOf(chunk);
            if (limits.imageOnly && kind.mediaType === JSONL) throw noImage();
            bytes += chunk.length;
            if (bytes > kind.bytesMax) throw tooLarge(kind.bytesMax);
            if (bytes > limits.bytesMax) throw tooMuch();
            kind.check?.(chunk);
            hash.update(chunk);
            yield chunk;
          }
          kind?.check?.(undefined);
        },
        createWriteStream(this.fileOf(id), { mode: 0o600, flags: 'wx' }),
      );
      if (kind === undefined && limits.imageOnly) throw noImage();
      return { bytes, sha256: hash.digest(), mediaType: kind?.mediaType ?? JSONL };
    } catch (error) {
      await this.remove(id);
      throw orDiskFull(error);
    }
  }

  /** Writes what is ours; what breaks off leaves nothing. @throws AppError INSUFFICIENT_STORAGE */
  async write(id: UploadId, content: AsyncIterable<string>): Promise<Written> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      await pipeline(
        content,
        async function* (texts: AsyncIterable<string>) {
          for await (const text of texts) {
            const chunk = Buffer.from(text);
            bytes += chunk.length;
            hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(this.fileOf(id), { mode: 0o600, flags: 'wx' }),
      );
      return { bytes, sha256: hash.digest(), mediaType: JSONL };
    } catch (error) {
      await this.remove(id);
      throw orDiskFull(error);
    }
  }

  /** At once: whoever reads it sees all of it. */
  async rename(from: UploadId, to: UploadId): Promise<void> {
    await rename(this.fileOf(from), this.fileOf(to));
  }

  read(id: UploadId): Promise<Buffer> {
    return readFile(this.fileOf(id));
  }

  /** Its bytes as they are read. @param range by default all */
  async open(id: UploadId, range?: ByteRange): Promise<Readable> {
    return (await open(this.fileOf(id))).createReadStream(range);
  }

  async remove(id: UploadId): Promise<void> {
    await rm(this.fileOf(id), { force: true });
  }

  /** Files that were written longer ago than that, by the clock of whoever keeps the folder. */
  async listOlder(ageMs: number): Promise<UploadId[]> {
    const names = (await readdir(this.folder).catch((): string[] => [])).filter(isUploadId);
    if (names.length === 0) return [];
    const before = (await this.readNowMs()) - ageMs;
    const old: UploadId[] = [];
    for (const name of names) {
      const { mtimeMs } = await stat(this.fileOf(name)).catch(() => ({ mtimeMs: Infinity }));
      if (mtimeMs < before) old.push(name);
    }
    return old;
  }

  /** The time that a file gets which is written now: a shared folder's clock is another machine's. */
  private async readNowMs(): Promise<number> {
    const file = path.join(this.folder, `.now-${newId('file')}`);
    await writeFile(file, '');
    try {
      return (await stat(file)).mtimeMs;
    } finally {
      await rm(file, { force: true });
    }
  }

  private fileOf(id: UploadId): string {
    return path.join(this.folder, id);
  }
}

export function isUploadId(text: string): text is UploadId {
  return /^file_[0-9a-z]{26}$/.test(text);
}

interface FileKind {
  readonly mediaType: string;
  readonly bytesMax: number;
  /** Told of each chunk, and of the end. */
  readonly check?: (chunk: Buffer | undefined) => void;
}

function kindOf(head: Buffer): FileKind {
  const format = detectFormat(head.subarray(0, HEAD_BYTES));
  if (format !== undefined) return { mediaType: `image/${format}`, bytesMax: IMAGE_BYTES_MAX };
  return { mediaType: JSONL, bytesMax: JSONL_BYTES_MAX, check: lineChecker() };
}

/** Refuses what is not UTF-8, and too many lines. */
function lineChecker(): (chunk: Buffer | undefined) => void {
  const utf8 = new TextDecoder('utf-8', { fatal: true });
  let lines = 0;
  return (chunk) => {
    try {
      utf8.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      const message = 'The file is neither a supported image nor UTF-8 text.';
      throw new AppError('UNSUPPORTED_MEDIA_TYPE', message, { cause });
    }
    if (chunk === undefined) return;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) lines += 1;
    if (lines > JSONL_LINES_MAX) {
      const message = `A batch can have at most ${String(JSONL_LINES_MAX)} lines.`;
      throw new AppError('PAYLOAD_TOO_LARGE', message);
    }
  };
}

/** The same bytes, the first chunk of which has `HEAD_BYTES` at least, when there are so many. */
async function* withHead(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES) continue;
    yield head;
    head = undefined;
  }
  if (head !== undefined && head.length > 0) yield head;
}

function tooLarge(bytesMax: number): AppError {
  return new AppError(
    'PAYLOAD_TOO_LARGE',
    `A file can have at most ${String(bytesMax / 2 ** 20)} MiB.`,
  );
}

function noImage(): AppError {
  return new AppError(
    'UNSUPPORTED_MEDIA_TYPE',
    'The file is not a JPEG, PNG, WebP, GIF, AVIF or TIFF image.',
  );
}

export function tooMuch(): AppError {
  return new AppError(
    'CONFLICT',
    'The account stores too many files. Delete some, or wait until they expire.',
  );
}
