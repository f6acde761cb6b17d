import { setTimeout as pause } from 'node:timers/promises';
import { ERROR_CODES, isErrorCode } from '../../src/errors.js';
import { newId } from '../../src/platform/ids.js';
import { codeOf as toldCode } from './app.js';
import { uniquePicture } from './batches.js';
import { fresh } from './classify.js';
import { type ModelUnit, PaidModel } from './paid-model.js';
import { ANSWER_MS } from './payment-world.js';
import { bearer, DEMO_MODEL } from './platform.js';
import type { Random } from './random.js';
import type { SoakLog } from './soak-log.js';

/** Longer than any fault of a soak on a slow machine. */
const PATIENCE_MS = 300_000;

/** Where calls go to, and what is written down of them. */
export interface SoakSite {
  readonly url: string;
  readonly log: SoakLog;
  isOver(): boolean;
}

export interface SoakAnswer {
  readonly status: number;
  readonly headers: Headers;
  // Untyped on purpose: callers look into whatever came.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
  /** Of the first error; undefined for an answer that is none. */
  readonly code: string | undefined;
}

export interface SoakRequest {
  readonly method?: string;
  readonly path: string;
  readonly secret: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A form as it is; anything else as JSON. */
  readonly body?: unknown;
  /** Milliseconds after which the first attempt is given up, as by somebody who leaves. */
  readonly leavesMs?: number | undefined;
}

/**
 * Sends a request until there is an answer to keep, with the same words, as good clients do.
 * @returns an answer of which sending again would change nothing
 */
export async function persist(site: SoakSite, request: SoakRequest): Promise<SoakAnswer> {
  const deadline = Date.now() + PATIENCE_MS;
  for (let leavesMs = request.leavesMs; ; leavesMs = undefined) {
    const answer = await send(site, request, leavesMs);
    if (typeof answer !== 'string' && !isWorthAsking(answer)) return answer;
    if (leavesMs === undefined)
      site.log.see(typeof answer === 'string' ? answer : String(answer.code));
    if (Date.now() > deadline) throw new Error(`${request.path}: no answer in five minutes`);
    await pause(100);
  }
}

/** INTERNAL is not: a soak must not see any. */
function isWorthAsking({ code }: SoakAnswer): boolean {
  return isErrorCode(code) && (ERROR_CODES[code].retryable || code === 'INTERNAL');
}

async function send(
  { url }: SoakSite,
  { method = 'POST', path, secret, headers = {}, body }: SoakRequest,
  leavesMs: number | undefined,
): Promise<SoakAnswer | string> {
  const isForm = body instanceof FormData;
  try {
    const response = await fetch(url + path, {
      method,
      headers: {
        ...bearer(secret),
        ...(body === undefined || isForm ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(leavesMs ?? ANSWER_MS),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.match(/^application\/json\b/) != null;
    const said = isJson ? JSON.parse(text) : text;
    return { status: response.status, headers: response.headers, body: said, code: codeOf(said) };
  } catch (error) {
    const { name, cause } = error as { name: string; cause?: { code?: string } };
    return `no answer (${cause?.code ?? name})`;
  }
}

/** Of GraphQL, or of OpenAI's shape, where it is in small letters. */
function codeOf(body: { error?: { code?: string | null } }): string | undefined {
  return toldCode({ body }) ?? body.error?.code?.toUpperCase();
}

/** A paid call that was answered, as its caller saw it. */
export interface PaidCall {
  readonly key: string;
  readonly units: readonly ModelUnit[];
  readonly chargedNanos: bigint;
}

const PICTURES = 6;
const LABELS = 12;
const CLASSIFY = `mutation ($input: ClassifyImageInput!) {
  classifyImage(input: $input) {
    runId
    cost { chargedNanos originalNanos }
    userErrors { code message path details }
  }
}`;

const ACTS = {
  classified: 5,
  'embedded by REST': 3,
  chatted: 3,
  'classified an upload': 3,
  'sent an image that is none': 1,
};

/** An account that runs models at every door. Whatever it asks for is answered in the end, under its key. */
export class SoakCaller {
  readonly calls: PaidCall[] = [];
  readonly model = new PaidModel();
  private readonly pictures = Array.from({ length: PICTURES }, () => uniquePicture());
  private readonly labels = fresh(LABELS);
  private readonly draw: () => keyof typeof ACTS;

  constructor(
    readonly accountId: string,
    private readonly secret: string,
    private readonly site: SoakSite,
    private readonly random: Random,
    private readonly tally: (act: string) => void,
  ) {
    this.draw = random.deck(ACTS);
  }

  /** One act after another, until it is over. */
  async life(): Promise<void> {
    while (!this.site.isOver()) {
      const act = this.draw();
      await this.perform(act);
      this.tally(act);
      await pause(this.random.int(0, 150));
      // What was paid for before costs nothing: now and then something new.
      this.pictures[this.random.int(0, PICTURES - 1)] = uniquePicture();
      this.labels[this.random.int(0, LABELS - 1)] = fresh(1)[0] ?? '';
    }
  }

  private async perform(act: keyof typeof ACTS): Promise<void> {
    switch (act) {
      case 'classified':
        return this.classify();
      case 'embedded by REST':
        return this.embed();
      case 'chatted':
        return this.chat();
      case 'classified an upload':
        return this.upload();
      case 'sent an image that is none': {
        const image = { base64: Buffer.from('no picture').toString('base64') };
        const answer = await this.sendClassification(newId('run'), { image, labels: this.some(2) });
        if (answer.code !== 'UNSUPPORTED_MEDIA_TYPE')
          throw new Error(`An image that is none: ${said(answer)}`);
      }
    }
  }

  private async classify(): Promise<void> {
    const pictures = this.somePictures();
    const labels = this.some(3);
    const images = pictures.map((base64) => ({ base64 }));
    await this.paidClassification({ images, labels }, unitsOf(pictures, labels));
  }

  private async paidClassification(input: object, units: readonly ModelUnit[]): Promise<void> {
    const key = newId('run');
    const answer = await this.sendClassification(key, input);
    if (answer.code !== undefined) throw new Error(`A classification: ${said(answer)}`);
    const { cost } = answer.body.data.classifyImage;
    this.keep(key, units, BigInt((cost.originalNanos ?? cost.chargedNanos) as string));
  }

  private sendClassification(idempotencyKey: string, more: object): Promise<SoakAnswer> {
    const input = { model: DEMO_MODEL, idempotencyKey, ...more };
    const body = { query: CLASSIFY, variables: { input } };
    const leavesMs = this.random.chance(0.15) ? this.random.int(1, 80) : undefined;
    return persist(this.site, { path: '/graphql', secret: this.secret, body, leavesMs });
  }

  private async embed(): Promise<void> {
    const input = this.some(3);
    const units = input.map((text) => `EMBEDDING ${text}` as const);
    await this.paidRest('/v1/embeddings', { input }, units);
  }

  private async chat(): Promise<void> {
    const [picture = ''] = this.somePictures();
    const labels = this.some(3);
    const content = [
      { type: 'text', text: `One of: ${labels.join(', ')}` },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${picture}` } },
    ];
    const messages = [{ role: 'user', content }];
    await this.paidRest('/v1/chat/completions', { messages }, unitsOf([picture], labels));
  }

  private async paidRest(path: string, more: object, units: readonly ModelUnit[]): Promise<void> {
    const key = newId('run');
    const { secret } = this;
    const headers = { 'idempotency-key': key };
    const leavesMs = this.random.chance(0.15) ? this.random.int(1, 80) : undefined;
    const body = { model: DEMO_MODEL, ...more };
    const answer = await persist(this.site, { path, secret, headers, body, leavesMs });
    if (answer.status !== 200) throw new Error(`${path}: ${said(answer)}`);
    const usd =
      answer.headers.get('x-gigarouter-original-cost') ?? answer.headers.get('x-gigarouter-cost');
    this.keep(key, units, BigInt(Math.round(Number(usd) * 1e9)));
  }

  /** A file that is classified, and deleted. */
  private async upload(): Promise<void> {
    const { secret } = this;
    const picture = uniquePicture();
    // As large as photographs are.
    const bytes = Buffer.concat([Buffer.from(picture, 'base64'), Buffer.alloc(200_000, 1)]);
    const body = new FormData();
    body.append('purpose', 'vision');
    body.append('file', new Blob([bytes], { type: 'image/png' }), 'soak.png');
    const made = await persist(this.site, { path: '/v1/files', secret, body });
    if (made.status !== 201) throw new Error(`An upload: ${said(made)}`);
    const uploadId = made.body.id as string;
    const labels = this.some(1);
    await this.paidClassification({ image: { uploadId }, labels }, unitsOf([picture], labels));
    const path = `/v1/files/${uploadId}`;
    const gone = await persist(this.site, { method: 'DELETE', path, secret });
    // The answer to the first attempt may have been lost.
    if (![200, 404].includes(gone.status)) throw new Error(`Deleting an upload: ${said(gone)}`);
  }

  private keep(key: string, units: readonly ModelUnit[], chargedNanos: bigint): void {
    this.calls.push({ key, units, chargedNanos });
    this.model.deliver(units);
  }

  private some(most: number): string[] {
    return distinct(this.random, this.labels, most);
  }

  private somePictures(): string[] {
    return distinct(this.random, this.pictures, 2);
  }
}

/** One to `most` of a list, none twice. */
function distinct(random: Random, list: readonly string[], most: number): string[] {
  const count = random.int(1, most);
  return [...new Set(Array.from({ length: count }, () => random.pick(list) ?? ''))];
}

function unitsOf(pictures: readonly string[], labels: readonly string[]): ModelUnit[] {
  return [
    ...pictures.map((picture) => `IMAGE ${picture}` as const),
    ...labels.map((label) => `LABEL_TEXT ${label}` as const),
  ];
}

export function said({ status, body }: SoakAnswer): string {
  return `${String(status)} ${JSON.stringify(body)}`;
}
