import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pageHeaders, prefersPage } from '../http/browser.js';
import { StaticAnswer } from '../http/static-answer.js';
import { varyBy } from '../http/vary.js';

/** What the page loads: the name in its address, the file, and its type. */
const ASSETS = [
  ['explorer.css', 'explorer.css', 'text/css; charset=utf-8'],
  ['explorer.mjs', 'explorer.mjs', 'text/javascript; charset=utf-8'],
  ['graphiql.css', 'vendor/graphiql.css', 'text/css; charset=utf-8'],
  ['graphiql.js', 'vendor/graphiql.js', 'text/javascript; charset=utf-8'],
  ['icon.svg', 'icon.svg', 'image/svg+xml'],
  ['react.js', 'vendor/react.js', 'text/javascript; charset=utf-8'],
  ['react-dom.js', 'vendor/react-dom.js', 'text/javascript; charset=utf-8'],
] as const;

const MAX_AGE_S = 300;

/** Everything comes from here. Its editor writes styles into elements, and its style sheet holds fonts and images. */
const HEADERS = pageHeaders({
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'font-src': 'data:',
  'img-src': "'self' data:",
  'connect-src': "'self'",
});

/** What `/graphql` answers with to programs; a browser would take these too, but asks for a page first. */
const OTHERS = [
  'application/json',
  'application/graphql-response+json',
  'text/event-stream',
  'multipart/mixed',
];

/** A hook for GET at the path of an endpoint. */
export type ExplorerAt = (
  url: string,
) => (request: FastifyRequest, reply: FastifyReply, done: () => void) => void;

/**
 * Serves the explorer's assets. @returns what makes a hook for GET at an endpoint that answers browsers with the page, before anything
 * is known of the caller: a session that is no longer valid must not keep a person out
 */
export async function registerExplorer(app: FastifyInstance, folder: string): Promise<ExplorerAt> {
  const read = (file: string) => readFile(path.join(folder, file));
  for (const [name, file, type] of ASSETS) {
    const asset = new StaticAnswer(await read(file), { contentType: type, maxAgeS: MAX_AGE_S });
    app.get(`/graphql/explorer/${name}`, (request, reply) => asset.send(request, reply));
  }
  const html = await readFile(path.join(folder, 'index.html'), 'utf8');

  return (url) => {
    // Relative, so that a path before it does not matter: from /graphql/operator it is one level up.
    const up = '../'.repeat(url.split('/').length - 2);
    const page = new StaticAnswer(
      html.replaceAll('="graphql/explorer/', `="${up}graphql/explorer/`),
      {
        contentType: 'text/html; charset=utf-8',
        maxAgeS: 0,
        headers: HEADERS,
      },
    );
    return (request, reply, done) => {
      if (request.ws || !prefersPage(request, OTHERS)) {
        done();
        return;
      }
      varyBy(reply, 'Accept');
      void page.send(request, reply);
    };
  };
}
