import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { AppError } from '../errors.js';
import { type Parts, parseServerTiming } from '../platform/server-timing.js';
import { decodeResponse, encodeRequest, HEADER_LENGTH } from './protocol.js';
import { rowCount, type Tensor } from './tensor.js';

/** Where a predictor answers now, and what it wants to hear. */
export interface PredictorAddress {
  /** `http://host:port`, without a path. */
  readonly url: string;
  readonly token: string | undefined;
}

export interface InferOptions {
  /** Milliseconds until the caller gives up; work that has not begun by then is dropped. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told how long it waited and ran, by a predictor that tells: `queue` and `infer`. */
  readonly onParts?: ((parts: Parts) => void) | undefined;
  /** Attempts to reach it, 3 by default; 1 where another predictor can be asked instead. */
  readonly attemptsMax?: number | undefined;
}

/** Connections to one predictor: as many as its queue could fill, and each is cheap. */
const CONNECTIONS_MAX = 128;
const ATTEMPTS_MAX = 3;
const RETRY_AFTER_MS = 50;

/** Failures after which nothing can have run: no connection came about. */
const NOTHING_SENT = new Set([
  'ECONNREFUSED',
  'UND_ERR_CONNECT_TIMEOUT',
  'ENOENT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CLOSED',
]);

/** Nobody was reached, or nobody took it. */
class NotRun extends AppError {}

/** Whether a failure of `PredictorClient.infer` says that nothing has run, so that another may be asked. */
export function hasNotRun(error: unknown): boolean {
  return error instanceof NotRun;
}

/**
 * Speaks the Open Inference Protocol v2 to our predictor, Triton, KServe or OpenVINO Model Server.
 * Requests may run in parallel. Nothing is sent twice unless the first attempt did not reach anybody.
 */
export class PredictorClient {
  private readonly agent = new Agent({
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    connect: { timeout: 2_000 },
    bodyTimeout: 0,
    headersTimeout: 0,
  });

  /**
   * @param address undefined while the predictor is away
   * @param retryAfterS seconds that it is away as a rule; undefined: nobody knows
   */
  constructor(
    private readonly address: () => PredictorAddress | undefined,
    private readonly retryAfterS: () => number | undefined = () => undefined,
  ) {}

  /**
   * Runs a graph with one input on some rows.
   *
   * @param input one row or more; @returns one row for each, in order
   * @throws AppError OVERLOADED (nothing was run), DEADLINE_EXCEEDED, UPSTREAM_UNAVAILABLE, or NOT_FOUND
   *   when it does not serve the model; the signal's reason when that is aborted
   */
  async infer(
    model: string,
    inputName: string,
    input: Tensor,
    { timeoutMs, signal, onParts, attemptsMax = ATTEMPTS_MAX }: InferOptions,
  ): Promise<Tensor> {
    const message = encodeRequest(inputName, input, timeoutMs);
    const deadline = AbortSignal.timeout(Math.ceil(timeoutMs));
    const until = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    const path = `/v2/models/${model}/infer`;
    const answer = await this.send('POST', path, until, { ...message, attemptsMax }).catch(
      (error: unknown) => {
        if (signal?.aborted) throw signal.reason;
        throw translate(error);
      },
    );
    if (answer.status !== 200) throw refused(model, answer);
    onParts?.(parseServerTiming(answer.serverTiming));
    const [output] = Object.values(decodeResponse(answer.body, answer.headerLength));
    if (output?.type !== 'float32' || rowCount(output) !== rowCount(input)) {
      throw unavailable(`The predictor gave no rows for ${model}.`);
    }
    return output;
  }

  /**
   * Whether it serves a graph now.
   * @returns the hash of the model that it runs, '' when it does not tell; undefined: not served
   */
  async find(model: string, timeoutMs: number): Promise<string | undefined> {
    const until = AbortSignal.timeout(timeoutMs);
    const answer = await this.send('GET', `/v2/models/${model}`, until).catch((error: unknown) => {
      throw translate(error);
    });
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw refused(model, answer);
    const { parameters } = JSON.parse(answer.body.toString()) as {
      parameters?: { model_hash?: string };
    };
    return parameters?.model_hash ?? '';
  }

  /** Cuts what is in flight. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  /** Lets what is in flight end. */
  async leave(): Promise<void> {
    await this.agent.close();
  }

  private async send(
    method: 'GET' | 'POST',
    path: string,
    signal: AbortSignal,
    {
      attemptsMax = ATTEMPTS_MAX,
      ...message
    }: {
      body?: Buffer;
      headers?: Readonly<Record<string, string>>;
      attemptsMax?: number;
    } = {},
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const address = this.address();
      if (address === undefined) {
        const retryAfterS = this.retryAfterS();
        throw new NotRun('UPSTREAM_UNAVAILABLE', 'The predictor is starting.', {
          ...(retryAfterS === undefined ? {} : { details: { retryAfterS } }),
        });
      }
      const { url, token } = address;
      try {
        const response = await request(url + path, {
          method,
          dispatcher: this.agent,
          signal,
          headers: {
            ...message.headers,
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          body: message.body ?? null,
        });
        return {
          status: response.statusCode,
          headerLength: response.headers[HEADER_LENGTH]?.toString(),
          retryAfter: response.headers['retry-after']?.toString(),
          serverTiming: response.headers['server-timing']?.toString(),
          body: Buffer.from(await response.body.arrayBuffer()),
        };
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (attempt >= attemptsMax || !NOTHING_SENT.has(code ?? '')) throw error;
        await sleep(RETRY_AFTER_MS * attempt, undefined, { signal });
      }
    }
  }
}

interface Answer {
  readonly status: number;
  readonly headerLength: string | undefined;
  readonly retryAfter: string | undefined;
  readonly serverTiming: string | undefined;
  readonly body: Buffer;
}

/** What a status of the predictor means to our callers: its complaints about us are our fault. */
function refused(model: string, { status, retryAfter, body }: Answer): AppError {
  const cause = new Error(`${model}: ${String(status)} ${body.toString('utf8', 0, 500)}`);
  if (status === 404) return new NotRun('NOT_FOUND', `${model} is not served.`, { cause });
  if (status === 401 || status === 403)
    return notRun('The predictor rejected our credentials.', cause);
  if (status === 504) return deadlineExceeded(cause);
  if (status === 429 || (status === 503 && retryAfter !== undefined)) {
    const retryAfterS = Number(retryAfter) || 1;
    return new NotRun('OVERLOADED', 'Too many calls are queued. Try again later.', {
      details: { retryAfterS },
      cause,
    });
  }
  if (status === 503) return notRun('The predictor is not ready.', cause);
  return new AppError('INTERNAL', 'The predictor refused the request.', { cause });
}

function translate(error: unknown): Error {
  if (error instanceof AppError) return error;
  if ((error as Error).name === 'TimeoutError') return deadlineExceeded(error);
  const { code = '' } = error as NodeJS.ErrnoException;
  const failed = NOTHING_SENT.has(code) ? notRun : unavailable;
  return failed('The predictor does not answer.', error);
}

function deadlineExceeded(cause: unknown): AppError {
  return new AppError('DEADLINE_EXCEEDED', 'The result was not ready in time.', { cause });
}

function unavailable(message: string, cause?: unknown): AppError {
  return new AppError('UPSTREAM_UNAVAILABLE', message, { cause });
}

function notRun(message: string, cause?: unknown): AppError {
  return new NotRun('UPSTREAM_UNAVAILABLE', message, { cause });
}
