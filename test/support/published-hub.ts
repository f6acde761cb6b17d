import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const FIXTURES = path.resolve(import.meta.dirname, '../fixtures');
const COMMIT = 'a'.repeat(40);

/** A repository as `catalog-repositories.json` describes it. */
export interface PublishedRepository {
  readonly license: string | null;
  /** Which of the stand-ins its tokenizer is: vocabularies of others are not part of this project. */
  readonly tokenizer: keyof typeof TOKENIZERS;
  readonly json: Readonly<Record<string, object>>;
  /** Shapes by name; `{12}` stands for the numbers 0 to 11. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  readonly weights: readonly string[];
  readonly others?: readonly string[];
}

const TOKENIZERS = {
  siglip: ['hf-siglip-micro', 'spiece.model', 'tokenizer_config.json'],
  gemma: ['hf-siglip2-micro', 'tokenizer.json', 'tokenizer_config.json'],
  t5: ['siglip-micro', 'tokenizer.json', 'tokenizer_config.json'],
  clip: ['hf-clip-micro', 'tokenizer.json', 'tokenizer_config.json'],
} as const;

/** A file of which the beginning is served: all that may be read of weights before they are downloaded. */
interface ServedFile {
  readonly bytes: number;
  readonly head: Buffer;
}

export interface PublishedHub {
  readonly url: string;
  readonly repositories: ReadonlyMap<string, PublishedRepository>;
  stop(): Promise<void>;
}

/** The Hub with repositories as they are published: configurations, lists of files, headers of weights. */
export async function startPublishedHub(
  more: Readonly<Record<string, PublishedRepository>> = {},
): Promise<PublishedHub> {
  const json = readFileSync(path.join(FIXTURES, 'catalog-repositories.json'), 'utf8');
  const published = JSON.parse(json) as Record<string, PublishedRepository>;
  const repositories = new Map(Object.entries({ ...published, ...more }));
  const files = new Map([...repositories].map(([name, one]) => [name, filesOf(one)]));

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://hub');
    const [, listed] = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/main$/.exec(pathname) ?? [];
    const [, owner, name] = /^\/([^/]+\/[^/]+)\/resolve\/a{40}\/(.+)$/.exec(pathname) ?? [];
    const repository = listed === undefined ? undefined : repositories.get(listed);
    const file = files.get(owner ?? '')?.get(name ?? '');
    if (listed !== undefined && repository !== undefined) {
      const siblings = [...(files.get(listed) ?? [])].map(([rfilename, { bytes, head }]) => ({
        rfilename,
        size: bytes,
        blobId: head.length === bytes ? gitHash(head) : '0'.repeat(40),
      }));
      const cardData = repository.license === null ? {} : { license: repository.license };
      response.end(JSON.stringify({ sha: COMMIT, siblings, cardData }));
    } else if (file === undefined) response.writeHead(404).end('Entry not found');
    else sendHead(file, request.headers.range, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    repositories,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function filesOf(repository: PublishedRepository): ReadonlyMap<string, ServedFile> {
  const [folder, ...names] = TOKENIZERS[repository.tokenizer];
  const whole = (name: string, head: Buffer) => [name, { bytes: head.length, head }] as const;
  return new Map<string, ServedFile>([
    ...Object.entries(repository.json).map(([name, value]) =>
      whole(name, Buffer.from(JSON.stringify(value))),
    ),
    ...names.map((name) => whole(name, readFileSync(path.join(FIXTURES, folder, name)))),
    ...weightsOf(repository),
    ...(repository.others ?? []).map((name) => whole(name, Buffer.from(name))),
  ]);
}

/** Safetensors without the tensors: the length of the header, and the header. Several files share the tensors. */
function weightsOf({ tensors, weights }: PublishedRepository): [string, ServedFile][] {
  const names = Object.entries(tensors).flatMap(([template, shape]) => {
    const count = Number(/\{(\d+)\}/.exec(template)?.[1] ?? 1);
    return Array.from({ length: count }, (_, at) => ({
      name: template.replace(/\{\d+\}/, String(at)),
      shape,
    }));
  });
  return weights.map((file, at) => {
    const header: Record<string, object> = {};
    let end = 0;
    for (const [index, { name, shape }] of names.entries()) {
      if (Math.floor((index * weights.length) / names.length) !== at) continue;
      const begin = end;
      end += 4 * shape.reduce((product, size) => product * size, 1);
      header[name] = { dtype: 'F32', shape, data_offsets: [begin, end] };
    }
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    const head = Buffer.concat([length, json]);
    return [file, { bytes: head.length + end, head }];
  });
}

function gitHash(bytes: Buffer): string {
  return createHash('sha1')
    .update(`blob ${String(bytes.length)}\0`)
    .update(bytes)
    .digest('hex');
}

/** Beyond the head there is nothing: a client that asks for it downloads what it has not judged yet. */
function sendHead({ bytes, head }: ServedFile, range: string | undefined, to: ServerResponse) {
  const [isPart, first = '0', last = ''] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
  const end = isPart === undefined ? bytes : Number(last) + 1;
  if (end > head.length) {
    to.writeHead(500).end('Only the header of weights is read before a download.');
    return;
  }
  const part = head.subarray(Number(first), end);
  const headers = { 'content-length': part.length };
  if (isPart === undefined) to.writeHead(200, headers).end(part);
  else {
    const contentRange = `bytes ${first}-${last}/${String(bytes)}`;
    to.writeHead(206, { ...headers, 'content-range': contentRange }).end(part);
  }
}
