import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pLimit from 'p-limit';
import { Agent, type Dispatcher, interceptors, request } from 'undici';
import { AppError } from '../errors.js';
import { checkDisk, hashFile, type HubFile } from './hub-file.js';
import { foundSchema, infoSchema, licenseOf } from './hub-answers.js';
import { retry } from './hub-retry.js';

export interface HubOptions {
  /** `https://huggingface.co`, or a mirror that speaks the same. */
  readonly endpoint: string;
  readonly token: string | undefined;
}

/** A repository at one commit. */
export interface HubSnapshot {
  readonly repository: string;
  readonly commit: string;
  /** As the model card states it, such as `apache-2.0`. */
  readonly license: string | undefined;
  readonly files: readonly HubFile[];
}

/** A repository that a search found. */
export interface FoundModel {
  readonly repository: string;
  /** Of the last 30 days. */
  readonly downloads: number;
  readonly license: string | undefined;
  /** Of its files. */
  readonly names: readonly string[];
}

export interface DownloadProgress {
  readonly file: string;
  readonly bytesDone: number;
  readonly bytesAll: number;
}

const FILES_AT_ONCE = 4;

/**
 * Downloads files of a model repository by the endpoints of the Hugging Face Hub. A download that was
 * broken off goes on where it ended; what does not have the hash that the Hub lists is refused.
 */
export class Hub {
  // The Hub sends large files from elsewhere; a token is not shown to another host.
  private readonly dispatcher: Dispatcher = new Agent({
    connect: { timeout: 10_000 },
    headersTimeout: 30_000,
    bodyTimeout: 60_000,
  }).compose(interceptors.redirect({ maxRedirections: 5 }));

  constructor(private readonly options: HubOptions) {}

  /**
   * What a repository holds at a revision, pinned: later downloads are of this commit, whatever happens to the branch.
   * @throws AppError NOT_FOUND, FORBIDDEN, UPSTREAM_UNAVAILABLE after some attempts
   */
  async list(repository: string, revision: string, signal?: AbortSignal): Promise<HubSnapshot> {
    const address = `/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
    const info = infoSchema.safeParse(await this.getJson(address, signal));
    if (!info.success) throw this.unexpectedAnswer();
    const files = info.data.siblings.map(({ rfilename, size, blobId, lfs }): HubFile => {
      const hash = lfs ? { kind: 'sha256', hex: lfs.sha256 } : { kind: 'git', hex: blobId ?? '' };
      return { name: rfilename, bytes: lfs?.size ?? size ?? 0, hash } as HubFile;
    });
    return { repository, commit: info.data.sha, license: licenseOf(info.data), files };
  }

  /**
   * Models for zero-shot image classification whose names match, the most downloaded first.
   * @throws AppError UPSTREAM_UNAVAILABLE after some attempts
   */
  async search(words: string, limit: number, signal?: AbortSignal): Promise<FoundModel[]> {
    const query = new URLSearchParams({
      search: words,
      pipeline_tag: 'zero-shot-image-classification',
      sort: 'downloads',
      direction: '-1',
      limit: String(limit),
      full: 'true',
    });
    const found = foundSchema.safeParse(
      await this.getJson(`/api/models?${query.toString()}`, signal),
    );
    if (!found.success) throw this.unexpectedAnswer();
    return found.data.map(({ id, downloads, siblings, ...card }) => ({
      repository: id,
      downloads,
      license: licenseOf(card),
      names: siblings.map(({ rfilename }) => rfilename),
    }));
  }

  /** @throws AppError BAD_USER_INPUT when the disk of `folder`, which is made, is too small for these files */
  async reserve({ files }: HubSnapshot, folder: string, names: readonly string[]): Promise<void> {
    await mkdir(folder, { recursive: true });
    await checkDisk(
      folder,
      files.filter(({ name }) => names.includes(name)),
    );
  }

  /**
   * @param folder where the files go; made when it is not there. Holds `*.part` while they come.
   * @param names of files of the snapshot
   * @returns SHA-256 of each file in hex
   * @throws AppError NOT_FOUND, FORBIDDEN, BAD_USER_INPUT (a file is missing or has a wrong hash, the disk
   *   is too small), UPSTREAM_UNAVAILABLE after some attempts
   */
  async download(
    { repository, commit, files }: HubSnapshot,
    folder: string,
    names: readonly string[],
    onProgress: (progress: DownloadProgress) => void,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const chosen = names.map((name) => {
      const file = files.find((one) => one.name === name);
      if (file !== undefined) return file;
      throw new AppError('BAD_USER_INPUT', `${repository} has no file ${name}.`);
    });
    await mkdir(folder, { recursive: true });
    for (const { name } of chosen)
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await checkDisk(folder, chosen);
    const limit = pLimit(FILES_AT_ONCE);
    // The first failure ends the others, whose parts stay for the next attempt.
    const failed = new AbortController();
    const ended = AbortSignal.any([failed.signal, ...(signal === undefined ? [] : [signal])]);
    const downloads = chosen.map((file) =>
      limit(async () => {
        ended.throwIfAborted();
        const address = `/${repository}/resolve/${commit}/${file.name}`;
        const target = path.join(folder, file.name);
        const hash = await this.fetchFile(address, file, target, onProgress, ended);
        return [file.name, hash] as const;
      }),
    );
    try {
      return new Map(await Promise.all(downloads));
    } catch (error) {
      failed.abort();
      await Promise.allSettled(downloads);
      throw error;
    }
  }

  /**
   * Some bytes of a file, for what has to be known before all of it is fetched.
   * @throws AppError as {@link download}
   */
  async read(
    { repository, commit }: HubSnapshot,
    name: string,
    from: number,
    length: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array> {
    if (length === 0) return new Uint8Array();
    return retry(async () => {
      const address = `/${repository}/resolve/${commit}/${name}`;
      const last = from + length - 1;
      const { statusCode, body } = await this.get(address, from, signal, last);
      // A server that knows no ranges sends all, of which no more than that is read.
      const skipped = statusCode === 206 ? 0 : from;
      const parts: Buffer[] = [];
      let bytes = 0;
      for await (const chunk of body) {
        parts.push(chunk as Buffer);
        bytes += (chunk as Buffer).length;
        if (bytes >= skipped + length) break;
      }
      const read = Buffer.concat(parts).subarray(skipped, skipped + length);
      if (read.length < length) throw new Error(`${name} ended early.`);
      return new Uint8Array(read);
    }, signal);
  }

  async close(): Promise<void> {
    await this.dispatcher.close();
  }

  /** @returns SHA-256 in hex */
  private async fetchFile(
    address: string,
    file: HubFile,
    target: string,
    onProgress: (progress: DownloadProgress) => void,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const there = await hashFile(target, file);
    if (there?.fits) return there.sha256;
    // The hash is in the name: what is left of another version is not gone on with.
    const part = `${target}.${file.hash.hex.slice(0, 12)}.part`;
    await retry(() => this.goOn(address, file, part, onProgress, signal), signal);
    const got = await hashFile(part, file);
    if (!got?.fits) {
      await rm(part, { force: true });
      throw new AppError(
        'BAD_USER_INPUT',
        `${file.name} does not have the hash that the Hub lists: it was corrupted in transit, or the server is not trustworthy. Pull again.`,
      );
    }
    await rename(part, target);
    return got.sha256;
  }

  /** Appends to `part` what it still lacks. */
  private async goOn(
    address: string,
    { name, bytes }: HubFile,
    part: string,
    onProgress: (progress: DownloadProgress) => void,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const there = (await stat(part).catch(() => undefined))?.size ?? 0;
    if (there === bytes && bytes > 0) return;
    const from = there < bytes ? there : 0;
    const { statusCode, body } = await this.get(address, from, signal);
    // A server that knows no ranges sends all of it again.
    const resumed = statusCode === 206;
    let bytesDone = resumed ? from : 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytesDone += chunk.length;
        onProgress({ file: name, bytesDone, bytesAll: bytes });
        done(bytesDone > bytes ? new Error(`${name} is longer than listed.`) : null, chunk);
      },
    });
    await pipeline(body, count, createWriteStream(part, { flags: resumed ? 'a' : 'w' }));
    if (bytesDone < bytes) throw new Error(`${name} ended early.`);
  }

  private async getJson(address: string, signal: AbortSignal | undefined): Promise<unknown> {
    return parseJson(
      await retry(async () => (await this.get(address, 0, signal)).body.text(), signal),
    );
  }

  private unexpectedAnswer(): AppError {
    const { endpoint } = this.options;
    return new AppError(
      'UPSTREAM_UNAVAILABLE',
      `${endpoint} does not respond like the Hugging Face Hub.`,
    );
  }

  private async get(
    address: string,
    from: number,
    signal: AbortSignal | undefined,
    last?: number,
  ): Promise<Dispatcher.ResponseData> {
    const { endpoint, token } = this.options;
    const response = await request(endpoint + address, {
      dispatcher: this.dispatcher,
      headers: {
        'user-agent': 'gigarouter',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(from === 0 && last === undefined
          ? {}
          : { range: `bytes=${String(from)}-${last === undefined ? '' : String(last)}` }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const { statusCode, body } = response;
    if (statusCode === 200 || statusCode === 206) return response;
    await body.dump();
    if (statusCode === 404) {
      throw new AppError('NOT_FOUND', `${endpoint}${address} does not exist.`);
    }
    if (statusCode === 401 || statusCode === 403) {
      throw new AppError(
        'FORBIDDEN',
        `${endpoint} denies access to ${address}: it is private, or its terms must be accepted first. Set HF_TOKEN.`,
      );
    }
    throw new Error(`${endpoint}${address} answered ${String(statusCode)}.`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
