import { request } from 'undici';
import { AppError } from '../errors.js';
import { Outbound, type Resolve } from '../platform/outbound.js';

export interface ImageUrlOptions {
  readonly bytesMax: number;
  /** For all of it: names, redirects, headers and body, in milliseconds. */
  readonly timeoutMs: number;
  /** Addresses or CIDR ranges that may be reached although they are not public; none by default. */
  readonly allow: readonly string[];
}

const REDIRECTS_MAX = 3;
const URL_CHARS_MAX = 2_048;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Downloads pictures from addresses that callers choose, from the public internet only. A name is resolved
 * once and the connection made to what came out of it, so that a second answer cannot lead elsewhere; each
 * redirect starts anew.
 */
export class ImageDownloader {
  private readonly outbound: Outbound;

  constructor(
    private readonly options: ImageUrlOptions,
    resolve?: Resolve,
  ) {
    this.outbound = new Outbound(options.allow, resolve);
  }

  /**
   * @returns the bytes, at most `bytesMax`
   * @throws AppError BAD_USER_INPUT that says what is wrong with the address or its answer;
   *   PAYLOAD_TOO_LARGE; the signal's reason when that is aborted
   */
  async download(url: string, signal: AbortSignal): Promise<Buffer> {
    const deadline = AbortSignal.timeout(this.options.timeoutMs);
    const until = AbortSignal.any([signal, deadline]);
    try {
      let next = parse(url);
      for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
        const answer = await this.fetchOnce(next, until);
        if (Buffer.isBuffer(answer)) return answer;
        if (next.protocol === 'https:' && answer.protocol === 'http:') {
          throw bad('The image URL redirects from https to http.');
        }
        next = answer;
      }
      throw bad(`The image URL redirects more than ${String(REDIRECTS_MAX)} times.`);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (deadline.aborted) {
        throw bad(
          `The image was not downloaded within ${String(this.options.timeoutMs)} ms.`,
          error,
        );
      }
      if (error instanceof AppError) throw error;
      throw bad('The image could not be downloaded.', error);
    }
  }

  /** The body, or where it is said to be. */
  private async fetchOnce(url: URL, signal: AbortSignal): Promise<Buffer | URL> {
    const pinned = await this.outbound.pin(url.hostname, signal);
    if (pinned === undefined) throw bad('The image address is not on the public internet.');
    const agent = this.outbound.agent(pinned, this.options.timeoutMs);
    try {
      const { statusCode, headers, body } = await request(url, {
        dispatcher: agent,
        signal,
        headers: { accept: 'image/*', 'accept-encoding': 'identity', 'user-agent': 'gigarouter' },
        headersTimeout: this.options.timeoutMs,
        bodyTimeout: this.options.timeoutMs,
      });
      // What is not read to its end has no more to say: its failures are nobody's.
      body.on('error', () => undefined);
      if (REDIRECTS.has(statusCode) && typeof headers.location === 'string') {
        return parse(headers.location, url);
      }
      if (statusCode !== 200) {
        throw bad(`The image URL responds with status ${String(statusCode)}.`);
      }
      const encoding = headers['content-encoding'];
      if (encoding !== undefined && encoding !== 'identity') {
        throw bad('The image URL responds with a compressed body, which was not requested.');
      }
      return await this.read(body, Number(headers['content-length'] ?? 0));
    } finally {
      void agent.destroy().catch(() => undefined);
    }
  }

  private async read(body: AsyncIterable<Buffer>, announced: number): Promise<Buffer> {
    const { bytesMax } = this.options;
    const chunks: Buffer[] = [];
    let bytes = 0;
    if (announced > bytesMax) throw tooLarge(bytesMax);
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw tooLarge(bytesMax);
      chunks.push(chunk);
    }
    if (bytes === 0) throw bad('The image URL responds with an empty body.');
    return Buffer.concat(chunks);
  }
}

function parse(text: string, base?: URL): URL {
  if (text.length > URL_CHARS_MAX) {
    throw bad(`An image URL can have at most ${String(URL_CHARS_MAX)} characters.`);
  }
  const url = URL.parse(text, base?.href);
  if (url === null) throw bad('The image address is not a valid URL.');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw bad('An image URL must start with https:// or http://.');
  }
  if (url.username !== '' || url.password !== '') {
    throw bad('An image URL must not contain a user name or password.');
  }
  return url;
}

function tooLarge(bytesMax: number): AppError {
  return new AppError(
    'PAYLOAD_TOO_LARGE',
    `The image is larger than ${String(bytesMax / 2 ** 20)} MiB.`,
    { details: { argument: 'image.url' } },
  );
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError('BAD_USER_INPUT', message, { details: { argument: 'image.url' }, cause });
}
