import { Webhook } from 'standardwebhooks';
import { request } from 'undici';
import { Outbound, type Pinned, type Resolve } from '../platform/outbound.js';
import type { Outcome } from './delivery.js';
import { badUrl, parseEndpointUrl } from './webhook-endpoint.js';

export interface WebhookOptions {
  /** Addresses or CIDR ranges that may be reached although they are not public, and over http. */
  readonly allow: readonly string[];
  /** For all of an attempt, in milliseconds. */
  readonly timeoutMs: number;
}

/** What is sent: the same at each attempt but for its time and signatures. */
export interface WebhookMessage {
  readonly id: string;
  readonly body: string;
  readonly secrets: readonly string[];
  /** Time of the attempt by the database's clock; receivers refuse what is minutes off. */
  readonly sentAt: Date;
}

/** Of an answer that is not 2xx, for the log. The rest is not read. */
const EXCERPT_BYTES = 1_024;
const EXCERPT_CHARS = 300;
const NOT_PUBLIC = 'The webhook’s URL does not lead to the public internet.';
const NOT_HTTPS = 'Webhook URLs must start with https://.';

/** Sends webhooks, signed as the Standard Webhooks specification has it. */
export class WebhookGateway {
  private readonly outbound: Outbound;

  constructor(
    private readonly options: WebhookOptions,
    resolve?: Resolve,
  ) {
    this.outbound = new Outbound(options.allow, resolve);
  }

  /**
   * Looks whether a URL can be delivered to, without connecting. Where it leads is looked at again at each
   * delivery, as a name may come to mean something else.
   * @returns the URL in its normal form
   * @throws AppError BAD_USER_INPUT
   */
  async check(text: string): Promise<string> {
    const url = parseEndpointUrl(text);
    const signal = AbortSignal.timeout(this.options.timeoutMs);
    const pinned = await this.outbound.pin(url.hostname, signal).catch((error: unknown) => {
      throw badUrl(
        'The host name of the webhook URL could not be resolved. Check its spelling.',
        error,
      );
    });
    const refusal = refusalOf(url, pinned);
    if (refusal !== undefined) throw badUrl(refusal);
    return url.href;
  }

  /**
   * One attempt. Redirects are not followed, and not a byte of a good answer's body is read.
   * @param signal ends it early; nobody knows then whether it arrived
   * @throws only the signal's reason: whatever else goes wrong is an outcome
   */
  async send(text: string, message: WebhookMessage, signal: AbortSignal): Promise<Outcome> {
    const startedAt = performance.now();
    const until = AbortSignal.any([signal, AbortSignal.timeout(this.options.timeoutMs)]);
    const outcome = (delivered: boolean, rest: Omit<Outcome, 'delivered' | 'durationMs'>) => ({
      delivered,
      durationMs: performance.now() - startedAt,
      ...rest,
    });
    try {
      const url = parseEndpointUrl(text);
      const pinned = await this.outbound.pin(url.hostname, until);
      const refusal = refusalOf(url, pinned);
      if (pinned === undefined || refusal !== undefined) return outcome(false, { error: refusal });
      const { status, retryAfterS, excerpt } = await this.post(url, pinned, message, until);
      const rest = { responseCode: status, retryAfterS };
      if (status >= 200 && status < 300) return outcome(true, rest);
      return outcome(false, { ...rest, error: describe(status, excerpt) });
    } catch (error) {
      signal.throwIfAborted();
      return outcome(false, {
        error: until.aborted
          ? `There was no answer within ${String(this.options.timeoutMs)} ms.`
          : `The connection failed: ${reasonOf(error)}.`,
      });
    }
  }

  private async post(url: URL, pinned: Pinned, message: WebhookMessage, signal: AbortSignal) {
    // The signal ends it in time; these would only say so in other words.
    const timeoutMs = 2 * this.options.timeoutMs;
    const agent = this.outbound.agent(pinned, timeoutMs);
    try {
      const { statusCode, headers, body } = await request(url, {
        method: 'POST',
        dispatcher: agent,
        signal,
        headers: {
          'content-type': 'application/json',
          'accept-encoding': 'identity',
          'user-agent': 'gigarouter-webhooks',
          ...signedHeaders(message),
        },
        body: message.body,
        headersTimeout: timeoutMs,
        bodyTimeout: timeoutMs,
      });
      body.on('error', () => undefined);
      return {
        status: statusCode,
        retryAfterS: secondsOf(headers['retry-after'], headers.date),
        excerpt: statusCode < 300 ? '' : await beginningOf(body),
      };
    } finally {
      void agent.destroy().catch(() => undefined);
    }
  }
}

/** Why a URL is not delivered to; undefined when it is. */
function refusalOf(url: URL, pinned: Pinned | undefined): string | undefined {
  if (pinned === undefined) return NOT_PUBLIC;
  if (url.protocol === 'http:' && !pinned.allowed) return NOT_HTTPS;
  return undefined;
}

/** Every secret signs, so that a receiver with either one accepts it. */
function signedHeaders({ id, body, secrets, sentAt }: WebhookMessage): Record<string, string> {
  const signatures = secrets.map((secret) => new Webhook(secret).sign(id, sentAt, body));
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1_000)),
    'webhook-signature': signatures.join(' '),
  };
}

type Header = string | string[] | undefined;

/** Of `Retry-After`: seconds, or a date by the receiver's own clock. */
function secondsOf(header: Header, date: Header): number | undefined {
  if (typeof header !== 'string') return undefined;
  const seconds = /^\d{1,9}$/.test(header)
    ? Number(header)
    : (Date.parse(header) - Date.parse(String(date))) / 1_000;
  return seconds > 0 ? seconds : undefined;
}

/** What came of a body before it ended, was too long, or failed. */
async function beginningOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= EXCERPT_BYTES) break;
    }
  } catch {
    // The status says enough.
  }
  return Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString('utf8');
}

function describe(status: number, excerpt: string): string {
  const said = excerpt
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim()
    .slice(0, EXCERPT_CHARS);
  const redirect = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  return `The answer was ${String(status)}${redirect}${said === '' ? '.' : `: ${said}`}`;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return typeof code === 'string' ? code : typeof message === 'string' ? message : 'unknown';
}
