import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** `GET /api/models/<slug>` of the Hugging Face Hub, with etags; a model that is not there is refused with 401, as there. */
export interface TestHubModels {
  readonly url: string;
  /** What it says of each model. */
  readonly models: Map<string, object>;
  /** Each request: path, then its etag where it has one, then the status of the answer. */
  readonly requests: string[];
  /** Requests at the same time, at most. */
  readonly parallelMax: () => number;
  /** Handles the next requests for a slug instead, one each. */
  next(slug: string, ...handlers: Handler[]): void;
  stop(): Promise<void>;
}

export async function startHubModels(): Promise<TestHubModels> {
  const models = new Map<string, object>();
  const requests: string[] = [];
  const handlers = new Map<string, Handler[]>();
  let [running, most] = [0, 0];

  const server = createServer((request, response) => {
    running += 1;
    most = Math.max(most, running);
    response.on('close', () => (running -= 1));
    const path = new URL(request.url ?? '/', 'http://hub').pathname;
    const slug = path.replace(/^\/api\/models\//, '');
    const asked = request.headers['if-none-match'];
    response.on('close', () => {
      requests.push([slug, asked, response.statusCode].filter(Boolean).join(' '));
    });
    const handler = handlers.get(slug)?.shift();
    if (handler !== undefined) {
      handler(request, response);
      return;
    }
    const model = models.get(slug);
    if (model === undefined) {
      response.writeHead(401).end('{"error":"Invalid username or password."}');
      return;
    }
    const body = JSON.stringify(model);
    const etag = `W/"${createHash('sha1').update(body).digest('base64url')}"`;
    if (asked === etag) response.writeHead(304, { etag }).end();
    else response.writeHead(200, { etag, 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    models,
    requests,
    parallelMax: () => most,
    next: (slug, ...more) => handlers.set(slug, [...(handlers.get(slug) ?? []), ...more]),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}
