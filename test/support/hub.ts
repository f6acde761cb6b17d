import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TestHub {
  readonly url: string;
  /** Each request: method, path and range. */
  readonly requests: string[];
  /** Handles the next request for a path that ends so, instead of the hub; not one for a part of a file with an end. */
  once(
    pathEnd: string,
    handler: (request: IncomingMessage, response: ServerResponse) => void,
  ): void;
  /** Lists a file with another hash or size than it has. */
  list(name: string, over: { sha256?: string; size?: number }): void;
  stop(): Promise<void>;
}

const COMMIT = 'c'.repeat(40);
/** Files of this size and more are listed with their SHA-256, as the Hub does with LFS files. */
const LARGE_BYTES = 100_000;

const hashes = (bytes: Buffer) => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  git: createHash('sha1')
    .update(`blob ${String(bytes.length)}\0`)
    .update(bytes)
    .digest('hex'),
});

/** The endpoints of the Hugging Face Hub for one repository, `owner/name`; large files come by a redirect. */
export async function startTestHub(
  files: Readonly<Record<string, Buffer>>,
  { token, card = {} }: { token?: string; card?: object } = {},
): Promise<TestHub> {
  const requests: string[] = [];
  const once = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();
  const listed = new Map<string, { sha256?: string; size?: number }>();

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = new URL(request.url ?? '/', 'http://hub').pathname;
    requests.push([request.method, path, request.headers.range].filter(Boolean).join(' '));
    for (const [end, handler] of once) {
      const isPart = /^bytes=\d+-\d+$/.test(request.headers.range ?? '');
      if (!path.endsWith(end) || isPart) continue;
      once.delete(end);
      handler(request, response);
      return;
    }
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response.writeHead(401).end('{"error":"gated"}');
      return;
    }
    if (path === '/api/models/owner/name/revision/main') {
      response.end(JSON.stringify({ sha: COMMIT, siblings: siblings(), ...card }));
      return;
    }
    if (path === '/api/models/owner/name') {
      response.end(
        JSON.stringify({ downloads: 7, likes: 2, lastModified: '2026-05-04T03:02:01Z', ...card }),
      );
      return;
    }
    if (path === '/api/models') {
      const found = [
        { id: 'owner/name', downloads: 7, siblings: siblings(), ...card },
        { id: 'owner/pickles', downloads: 3, siblings: [{ rfilename: 'pytorch_model.bin' }] },
      ];
      const { searchParams } = new URL(request.url ?? '/', 'http://hub');
      const matching = found.filter(({ id }) => id.includes(searchParams.get('search') ?? ''));
      response.end(JSON.stringify(matching.slice(0, Number(searchParams.get('limit')))));
      return;
    }
    const name = /^\/(?:owner\/name\/resolve\/c{40}|cdn)\/(.+)$/.exec(path)?.[1] ?? '';
    const bytes = files[name];
    if (bytes === undefined) {
      response.writeHead(404).end('Entry not found');
    } else if (bytes.length >= LARGE_BYTES && !path.startsWith('/cdn/')) {
      response.writeHead(302, { location: `/cdn/${name}` }).end();
    } else {
      sendFile(bytes, request, response);
    }
  };

  const siblings = () =>
    Object.entries(files).map(([rfilename, bytes]) => {
      const { sha256, git } = hashes(bytes);
      const over = listed.get(rfilename);
      const size = over?.size ?? bytes.length;
      return bytes.length >= LARGE_BYTES
        ? { rfilename, size, blobId: git, lfs: { sha256: over?.sha256 ?? sha256, size } }
        : { rfilename, size, blobId: git };
    });

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    once: (pathEnd, handler) => once.set(pathEnd, handler),
    list: (name, over) => listed.set(name, over),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function sendFile(bytes: Buffer, { headers }: IncomingMessage, response: ServerResponse): void {
  const [isPart, first = '0', end = ''] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
  const from = Number(first);
  const last = end === '' ? bytes.length - 1 : Math.min(Number(end), bytes.length - 1);
  const rest = bytes.subarray(from, last + 1);
  const range = `bytes ${String(from)}-${String(last)}/${String(bytes.length)}`;
  response.writeHead(isPart === undefined ? 200 : 206, {
    'content-length': rest.length,
    ...(isPart === undefined ? {} : { 'content-range': range }),
  });
  response.end(rest);
}
