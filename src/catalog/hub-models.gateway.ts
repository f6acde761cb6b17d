import pRetry, { AbortError } from 'p-retry';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher, interceptors, request } from 'undici';
import { AppError } from '../errors.js';
import { type HubFacts, toHubFacts } from './hub-facts.js';

export interface HubModelsOptions {
  /** `https://huggingface.co`, or a mirror that speaks the same. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** Before the first repetition; twice as long before each that follows. */
  readonly backOffMs?: number;
}

export type HubAnswer =
  | { readonly kind: 'facts'; readonly facts: HubFacts; readonly etag: string | undefined }
  /** Nothing has changed since the answer with the given etag. */
  | { readonly kind: 'same' }
  /** The Hub has no such model, or shows it to others only: it does not tell the two apart. */
  | { readonly kind: 'unknown' };

const ATTEMPTS_MAX = 4;
const BACK_OFF_MS = 1_000;
/** The longest that a server's Retry-After is waited for. */
const WAIT_MAX_MS = 30_000;
const TIMEOUT_MS = 15_000;
const BODY_BYTES_MAX = 4 * 2 ** 20;

/** What is asked for: the whole record of a large model has thousands of files. */
const EXPAND = ['downloads', 'likes', 'lastModified', 'tags', 'cardData']
  .map((name) => `expand[]=${name}`)
  .join('&');

/** Asks the Hugging Face Hub about models. */
export class HubModels {
  // A model that was renamed there is redirected; a token is not shown to another host.
  private readonly dispatcher: Dispatcher = new Agent({
    connect: { timeout: 10_000 },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  }).compose(interceptors.redirect({ maxRedirections: 5 }));

  constructor(private readonly options: HubModelsOptions) {}

  /**
   * @param etag of the answer that is known already
   * @throws AppError UPSTREAM_UNAVAILABLE when it does not answer, or not as the Hub does, several times
   */
  async find(slug: string, etag: string | undefined): Promise<HubAnswer> {
    try {
      return await pRetry(() => this.ask(slug, etag), {
        retries: ATTEMPTS_MAX - 1,
        minTimeout: this.options.backOffMs ?? BACK_OFF_MS,
        factor: 2,
        randomize: true,
      });
    } catch (cause) {
      const { message } = cause as Error;
      throw new AppError(
        'UPSTREAM_UNAVAILABLE',
        `The Hugging Face Hub is not responding: ${message}`,
        { cause },
      );
    }
  }

  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }

  private async ask(slug: string, etag: string | undefined): Promise<HubAnswer> {
    const { endpoint, token } = this.options;
    const { statusCode, headers, body } = await request(
      `${endpoint}/api/models/${slug}?${EXPAND}`,
      {
        dispatcher: this.dispatcher,
        signal: AbortSignal.timeout(2 * TIMEOUT_MS),
        headers: {
          'user-agent': 'gigarouter',
          accept: 'application/json',
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
    );
    if (statusCode === 200) {
      const facts = toHubFacts(parseJson(await readText(body)));
      if (facts === undefined) throw new Error('it does not answer as the Hub does.');
      return { kind: 'facts', facts, etag: headers.etag?.toString() };
    }
    await body.dump();
    if (statusCode === 304) return { kind: 'same' };
    if ([401, 403, 404].includes(statusCode)) return { kind: 'unknown' };
    const failure = new Error(`it answered ${String(statusCode)}.`);
    if (statusCode === 429 || statusCode === 503) {
      await sleep(Math.min(WAIT_MAX_MS, 1_000 * (Number(headers['retry-after']) || 0)));
      throw failure;
    }
    throw statusCode < 500 ? new AbortError(failure) : failure;
  }
}

/** @throws Error when it is longer than any answer of the Hub */
async function readText(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) throw new Error('its answer has no end.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
