import type { Readable } from 'node:stream';
import { AppError } from '../errors.js';
import { lockAccountRow } from '../platform/account-row.store.js';
import type { Database } from '../platform/database.js';
import { orDiskFull } from '../platform/disk-full.js';
import { type AccountId, newId, type UploadId } from '../platform/ids.js';
import { IMAGE_BYTES_MAX } from './image-source.js';
import { type ByteRange, isUploadId, tooMuch, UploadFolder } from './upload-folder.gateway.js';
import {
  JSONL,
  type OwnedUpload,
  type Upload,
  type UploadPurpose,
  type UploadQuery,
} from './upload.js';
import * as store from './uploads.store.js';

export interface UploadOptions {
  /** Folder of the files; for several servers a shared one. */
  readonly folder: string;
  /** How long an upload is kept, in seconds. */
  readonly ttlS: number;
  /** Of an account, together. */
  readonly accountBytesMax: number;
}

/** What a sender says of a file. */
export interface UploadLabel {
  readonly purpose: Exclude<UploadPurpose, 'batch_output'>;
  readonly filename: string;
}

/** A file without a row that is older was left by a process that died. */
const ORPHAN_MS = 3_600_000;

/** Keeps files that are sent ahead of calls, and what comes of batches, until they expire. */
export class UploadsService {
  private readonly folder: UploadFolder;
  /** Bytes of files that are being received, of each account. */
  private readonly receiving = new Map<AccountId, number>();

  constructor(
    private readonly db: Database,
    private readonly options: UploadOptions,
  ) {
    this.folder = new UploadFolder(options.folder);
  }

  /**
   * Writes a file down as it comes; what is refused or breaks off leaves nothing.
   * @param label asked for when the file was read, as a form may say it after the file
   * @param known what is said before: a file that does not fit is refused at its head
   * @throws AppError PAYLOAD_TOO_LARGE; UNSUPPORTED_MEDIA_TYPE unless it is an image that we take, or lines of
   *   text for a batch; CONFLICT when the account keeps too much; as `label`
   */
  async save(
    accountId: AccountId,
    content: AsyncIterable<Buffer>,
    label: () => Promise<UploadLabel>,
    known?: string,
  ): Promise<Upload> {
    const room = this.options.accountBytesMax - (await store.sumBytes(this.db, accountId));
    if (room < IMAGE_BYTES_MAX) throw tooMuch();
    const id = newId('file');
    const imageOnly = known !== undefined && known !== 'batch';
    const counted = this.counted(accountId, content, room);
    const written = await this.folder.receive(id, counted, { imageOnly, bytesMax: room });
    try {
      const { purpose, filename } = await label();
      if ((purpose === 'batch') !== (written.mediaType === JSONL)) throw notFor(purpose);
      const row = { ...written, id, purpose, filename, ttlS: this.options.ttlS };
      return await this.db.transaction(async (tx) => {
        await lockAccountRow(tx, accountId);
        // Others may have come to their end since this one began.
        const kept = await store.sumBytes(tx, accountId);
        if (kept + written.bytes > this.options.accountBytesMax) throw tooMuch();
        return store.insertUpload(tx, accountId, row);
      });
    } catch (error) {
      await this.folder.remove(id);
      throw error;
    }
  }

  /**
   * Writes a file of ours down. One that is there stays: whoever writes it again, with the same content or what is
   * left of it by then, changes nothing.
   */
  async write(
    accountId: AccountId,
    file: Pick<Upload, 'id' | 'filename'> & { readonly content: AsyncIterable<string> },
  ): Promise<void> {
    const { id, filename, content } = file;
    const part = newId('file');
    const written = await this.folder.write(part, content);
    if ((await store.findUpload(this.db, accountId, id)) !== undefined) {
      await this.folder.remove(part);
      return;
    }
    try {
      await this.folder.rename(part, id);
    } catch (error) {
      await this.folder.remove(part);
      throw orDiskFull(error);
    }
    const { ttlS } = this.options;
    const row = { ...written, id, filename, purpose: 'batch_output', ttlS } as const;
    await store.insertUpload(this.db, accountId, row);
  }

  /** @throws AppError NOT_FOUND for one that is unknown, expired or another account's */
  async get(accountId: AccountId, id: string): Promise<Upload> {
    const upload = isUploadId(id) ? await store.findUpload(this.db, accountId, id) : undefined;
    if (upload === undefined) throw noSuchUpload();
    return upload;
  }

  /** By id, of any account: for who then asks whether the caller may read them. One statement; those that there are. */
  async findMany(ids: readonly string[]): Promise<ReadonlyMap<string, OwnedUpload>> {
    const found = await store.findAnyUploads(this.db, ids.filter(isUploadId));
    return new Map(found.map((upload) => [upload.id, upload]));
  }

  /** An account's files, by age. */
  list(accountId: AccountId, query: UploadQuery): Promise<readonly Upload[]> {
    return store.listUploads(this.db, accountId, query);
  }

  /** @throws AppError NOT_FOUND */
  async read({ id }: Pick<Upload, 'id'>): Promise<Buffer> {
    return this.folder.read(id).catch((cause: unknown) => {
      throw noSuchUpload(cause);
    });
  }

  /** Its bytes as they are read. @param range by default all. @throws AppError NOT_FOUND */
  async open({ id }: Pick<Upload, 'id'>, range?: ByteRange): Promise<Readable> {
    return this.folder.open(id, range).catch((cause: unknown) => {
      throw noSuchUpload(cause);
    });
  }

  /** Sees to it that a file does not expire for so long. @throws AppError NOT_FOUND */
  async keep(accountId: AccountId, id: UploadId, forMs: number): Promise<void> {
    if (!(await store.postponeExpiry(this.db, accountId, id, forMs))) throw noSuchUpload();
  }

  /** @throws AppError NOT_FOUND */
  async delete(accountId: AccountId, id: string): Promise<void> {
    if (!isUploadId(id) || !(await store.deleteUpload(this.db, accountId, id))) {
      throw noSuchUpload();
    }
    await this.folder.remove(id);
  }

  /** The same content, as long as what the account sends at the same time fits into `room` together. */
  private async *counted(
    accountId: AccountId,
    content: AsyncIterable<Buffer>,
    room: number,
  ): AsyncGenerator<Buffer> {
    let own = 0;
    const add = (bytes: number) => {
      own += bytes;
      const all = (this.receiving.get(accountId) ?? 0) + bytes;
      if (all > 0) this.receiving.set(accountId, all);
      else this.receiving.delete(accountId);
      return all;
    };
    try {
      for await (const chunk of content) {
        if (add(chunk.length) > room) throw tooMuch();
        yield chunk;
      }
    } finally {
      add(-own);
    }
  }

  /** One turn of the sweeper: files that have expired, and those that nobody wrote down. */
  async sweep(atMost = 1_000): Promise<void> {
    for (const id of await store.deleteExpired(this.db, atMost)) await this.folder.remove(id);
    const old = await this.folder.listOlder(this.options.ttlS * 1_000 + ORPHAN_MS);
    if (old.length === 0) return;
    const known = await store.findKnown(this.db, old);
    for (const id of old.filter((one) => !known.has(one))) await this.folder.remove(id);
  }
}

function notFor(purpose: string): AppError {
  const message =
    purpose === 'batch'
      ? 'A file for a batch is lines of JSON.'
      : `A file for "${purpose}" is a JPEG, PNG, WebP, GIF, AVIF or TIFF image.`;
  return new AppError('UNSUPPORTED_MEDIA_TYPE', message);
}

function noSuchUpload(cause?: unknown): AppError {
  return new AppError('NOT_FOUND', 'The file was not found or has expired.', { cause });
}
