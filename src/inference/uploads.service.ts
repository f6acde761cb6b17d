import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../errors.js';
import type { Database } from '../platform/database.js';
import { type AccountId, newId, type UploadId } from '../platform/ids.js';
import { detectFormat } from '../siglip/index.js';
import { IMAGE_BYTES_MAX } from './image-source.js';
import type { Upload } from './upload.js';
import * as store from './uploads.store.js';

export interface UploadOptions {
  /** Folder of the files; for several servers a shared one. */
  readonly folder: string;
  /** How long an upload is kept, in seconds. */
  readonly ttlS: number;
  /** Of an account, together. */
  readonly accountBytesMax: number;
}

/** Enough to tell every format that is taken. */
const HEAD_BYTES = 64;
/** A file without a row that is older was left by a process that died. */
const ORPHAN_MS = 3_600_000;

/** Keeps files that are sent ahead of calls, until they expire. */
export class UploadsService {
  constructor(
    private readonly db: Pick<Database, 'query'>,
    private readonly options: UploadOptions,
  ) {}

  /**
   * Writes a file down as it comes; what is refused or breaks off leaves nothing.
   * @throws AppError PAYLOAD_TOO_LARGE; UNSUPPORTED_MEDIA_TYPE unless it begins as an image that we take;
   *   CONFLICT when the account keeps too much
   */
  async save(accountId: AccountId, content: Readable): Promise<Upload> {
    const { folder, ttlS, accountBytesMax } = this.options;
    if ((await store.sumBytes(this.db, accountId)) > accountBytesMax - IMAGE_BYTES_MAX) {
      throw new AppError('CONFLICT', 'The account keeps too many uploads. Delete some, or wait.');
    }
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const id = newId('file');
    const file = this.fileOf(id);
    const hash = createHash('sha256');
    let bytes = 0;
    try {
      await pipeline(
        // Whoever refuses a file still has to answer on the connection that it comes on.
        content.iterator({ destroyOnReturn: false }),
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            bytes += chunk.length;
            if (bytes > IMAGE_BYTES_MAX) throw tooLarge();
            hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(file, { mode: 0o600, flags: 'wx' }),
      );
      const mediaType = await this.sniff(file);
      const row = { id, bytes, mediaType, sha256: hash.digest(), ttlS };
      return await store.insertUpload(this.db, accountId, row);
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  }

  /** @throws AppError NOT_FOUND for one that is unknown, expired or another account's */
  async get(accountId: AccountId, id: string): Promise<Upload> {
    const upload = isUploadId(id) ? await store.findUpload(this.db, accountId, id) : undefined;
    if (upload === undefined) throw noSuchUpload();
    return upload;
  }

  /** @throws AppError NOT_FOUND */
  async read({ id }: Upload): Promise<Buffer> {
    return readFile(this.fileOf(id)).catch((cause: unknown) => {
      throw noSuchUpload(cause);
    });
  }

  /** @throws AppError NOT_FOUND */
  async delete(accountId: AccountId, id: string): Promise<void> {
    if (!isUploadId(id) || !(await store.deleteUpload(this.db, accountId, id))) {
      throw noSuchUpload();
    }
    await rm(this.fileOf(id), { force: true });
  }

  /** One turn of the sweeper: files that have expired, and those that nobody wrote down. */
  async sweep(atMost = 1_000): Promise<void> {
    for (const id of await store.deleteExpired(this.db, atMost)) {
      await rm(this.fileOf(id), { force: true });
    }
    const { folder, ttlS } = this.options;
    const oldest = Date.now() - ttlS * 1_000 - ORPHAN_MS;
    const names = await readdir(folder).catch((): string[] => []);
    for (const name of names.filter(isUploadId)) {
      const { mtimeMs } = await stat(this.fileOf(name)).catch(() => ({ mtimeMs: Infinity }));
      if (mtimeMs < oldest) await rm(this.fileOf(name), { force: true });
    }
  }

  private async sniff(file: string): Promise<string> {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      const format = detectFormat(buffer.subarray(0, bytesRead));
      if (format !== undefined) return `image/${format}`;
    } finally {
      await handle.close();
    }
    throw new AppError(
      'UNSUPPORTED_MEDIA_TYPE',
      'The file is no JPEG, PNG, WebP, GIF, AVIF or TIFF image.',
    );
  }

  private fileOf(id: UploadId): string {
    return path.join(this.options.folder, id);
  }
}

function isUploadId(text: string): text is UploadId {
  return /^file_[0-9a-z]{26}$/.test(text);
}

function tooLarge(): AppError {
  return new AppError(
    'PAYLOAD_TOO_LARGE',
    `A file has at most ${String(IMAGE_BYTES_MAX / 2 ** 20)} MiB.`,
  );
}

function noSuchUpload(cause?: unknown): AppError {
  return new AppError('NOT_FOUND', 'The account has no such upload, or it has expired.', { cause });
}
