import {
  type Execute,
  type PublicPage,
  renderPublic,
  robots,
  sendRequest,
  sitemap,
  type Site,
} from '@gigarouter/web';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.js';
import type { PageOperations } from '../graphql/page-operations.js';
import { type Authenticate, callerSignal } from '../http/authentication.js';
import { pageHeaders, prefersPage } from '../http/browser.js';
import { refuseOtherMethods } from '../http/methods.js';
import type { Origins } from '../http/origins.js';
import { StaticAnswer } from '../http/static-answer.js';
import { type Actor, anonymous } from '../platform/actor.js';
import { registerAssets } from './assets.js';

export interface PublicPagesOptions {
  /** Absolute; what web/build.mjs made. */
  readonly webDir: string;
  readonly operations: Pick<PageOperations, 'execute'>;
  readonly authenticate: Authenticate;
  readonly origins: Pick<Origins, 'isOwn' | 'trusts'>;
}

const MODEL_PATH = '/models/:owner/:name';
const PATHS = ['/', '/models', MODEL_PATH, '/compare', '/demand', '/status'];
const FORM_BYTES_MAX = 16_384;

/** Memory for pages that were rendered lately; one has 10 to 40 kB. */
const CACHE_BYTES = 16 * 2 ** 20;
/** Longer addresses are rendered each time. */
const CACHED_ADDRESS_MAX = 500;

/** No script, and nothing from elsewhere. */
const HEADERS = pageHeaders({
  'style-src': "'self'",
  'font-src': "'self'",
  'img-src': "'self'",
  'form-action': "'self'",
});

/** Serves the pages that need no JavaScript, robots.txt, sitemap.xml and the form that asks for a model. */
export async function registerPublicPages(
  app: FastifyInstance,
  options: PublicPagesOptions,
): Promise<void> {
  const stylesheet = await registerAssets(app, options.webDir);
  const siteOf = ({ publicUrl }: FastifyRequest): Site => ({ url: publicUrl, stylesheet });
  const executeFor = (request: FastifyRequest, reply: FastifyReply, actor: Actor): Execute =>
    executeWith(options.operations, { actor, requestId: request.id, signal: callerSignal(reply) });
  const cache = new PageCache();

  for (const url of PATHS) {
    app.get(url, { exposeHeadRoute: true }, async (request, reply) => {
      const site = siteOf(request);
      const address = new URL(request.url, 'http://host');
      const page = await cache.page(`${site.url} ${request.url}`, () =>
        renderPublic(
          { path: decodeURIComponent(address.pathname), query: address.searchParams, site },
          // Not of this caller: others are sent the same page.
          executeWith(options.operations, {
            actor: anonymous(request.ip),
            requestId: request.id,
            signal: new AbortController().signal,
          }),
        ),
      );
      return sendPage(request, reply, page);
    });
    // Clients of Hugging Face post where a model has its page.
    refuseOtherMethods(app, url, ['GET', 'HEAD', ...(url === MODEL_PATH ? ['POST'] : [])]);
  }
  app.addHook('onSend', async (request, reply, payload) => {
    if (!isMissingPage(request, reply)) return payload;
    // Not read as a URL: it may be none.
    const [path = ''] = request.url.split('?');
    const asked = { path, query: new URLSearchParams(), site: siteOf(request) };
    const page = await renderPublic(asked, executeFor(request, reply, anonymous(request.ip)));
    if (page.status !== 404) return payload;
    void reply.status(404).headers(HEADERS).removeHeader('allow').type('text/html; charset=utf-8');
    return page.html;
  });
  app.get('/robots.txt', (request, reply) =>
    reply
      .headers({ 'cache-control': 'public, max-age=3600' })
      .type('text/plain; charset=utf-8')
      .send(robots(request.publicUrl)),
  );
  app.get('/sitemap.xml', async (request, reply) => {
    const execute = executeFor(request, reply, anonymous(request.ip));
    const page = await cache.page(`${request.publicUrl} sitemap`, () =>
      sitemap(request.publicUrl, execute),
    );
    reply.mayCompress = true;
    return reply
      .status(page.status)
      .headers({ 'cache-control': page.maxAge === 0 ? 'no-store' : 'public, max-age=3600' })
      .type('application/xml; charset=utf-8')
      .send(page.html);
  });
  await registerForm(app, options, async (request, reply, actor) => {
    const page = await sendRequest(
      {
        site: siteOf(request),
        fields: request.body as Record<string, string>,
        isSignedIn: actor.userId !== undefined,
      },
      executeFor(request, reply, actor),
    );
    // The page says how many have asked; who is not signed in counts once they confirm their address.
    if (page.status === 303 && actor.userId !== undefined) cache.clear();
    return sendPage(request, reply, page);
  });
}

/** A person is at an address that nothing has, or where only programs post: below a model's. */
function isMissingPage(request: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (request.method !== 'GET' || !prefersPage(request, ['application/json'])) return false;
  const isPostedTo = statusCode === 405 && request.url.startsWith('/models/');
  return (statusCode === 404 && request.is404) || isPostedTo;
}

type HandleForm = (
  request: FastifyRequest,
  reply: FastifyReply,
  actor: Actor,
) => Promise<FastifyReply>;

async function registerForm(
  app: FastifyInstance,
  { authenticate, origins }: PublicPagesOptions,
  handle: HandleForm,
): Promise<void> {
  await app.register((scope, _options, ready) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string', bodyLimit: FORM_BYTES_MAX },
      (_request, body, done) => {
        done(null, Object.fromEntries(new URLSearchParams(String(body))));
      },
    );
    scope.post('/requests', async (request, reply) => {
      if (request.headers.origin !== undefined && !origins.isOwn(request)) {
        throw new AppError('FORBIDDEN', 'This form was sent from another site.');
      }
      return handle(request, reply, await actorOf(request));
    });
    refuseOtherMethods(scope, '/requests', ['POST']);
    ready();
  });

  /** Whose session it is; a cookie that is none, or no longer, is nobody's. */
  async function actorOf(request: FastifyRequest): Promise<Actor> {
    const nobody = anonymous(request.ip);
    if (request.headers.cookie === undefined || !origins.trusts(request)) return nobody;
    return authenticate({ headers: { cookie: request.headers.cookie }, ip: request.ip }).catch(
      (error: unknown) => {
        if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return nobody;
        throw error;
      },
    );
  }
}

function executeWith(
  operations: PublicPagesOptions['operations'],
  caller: { readonly actor: Actor; readonly requestId: string; readonly signal: AbortSignal },
): Execute {
  return async <Result, Variables>(
    { text }: { readonly text: string; readonly result?: Result; readonly variables?: Variables },
    variables: Variables,
  ) => {
    const given = variables as Record<string, unknown>;
    const { data, errors } = await operations.execute({ text, variables: given, ...caller });
    return {
      data: data as Result | null,
      errors: errors.map(({ message, extensions }) => ({
        message,
        code: typeof extensions?.code === 'string' ? extensions.code : undefined,
      })),
    };
  };
}

function sendPage(request: FastifyRequest, reply: FastifyReply, page: PublicPage): FastifyReply {
  const { status, html, maxAge, location } = page;
  if (status === 200 && maxAge > 0) {
    const answer = new StaticAnswer(html, {
      contentType: 'text/html; charset=utf-8',
      maxAgeS: maxAge,
      headers: HEADERS,
    });
    return answer.send(request, reply);
  }
  reply.mayCompress = true;
  void reply.status(status).headers({
    ...HEADERS,
    'cache-control': maxAge === 0 ? 'no-store' : `public, max-age=${String(maxAge)}`,
  });
  if (location !== undefined) return reply.header('location', location).send();
  return reply.type('text/html; charset=utf-8').send(html);
}

/** Pages by their address. Those who ask for one at the same time share its rendering. */
class PageCache {
  private readonly pages = new LRUCache<string, PublicPage>({
    maxSize: CACHE_BYTES,
    sizeCalculation: ({ html }) => html.length * 2 + 500,
  });
  private readonly running = new Map<string, Promise<PublicPage>>();

  async page(key: string, render: () => Promise<PublicPage>): Promise<PublicPage> {
    const before = this.pages.get(key);
    if (before !== undefined) return before;
    if (key.length > CACHED_ADDRESS_MAX) return render();
    const running = this.running.get(key);
    if (running !== undefined) return running;
    const rendering = render();
    this.running.set(key, rendering);
    try {
      const page = await rendering;
      if (page.maxAge > 0 && this.running.get(key) === rendering) {
        this.pages.set(key, page, { ttl: page.maxAge * 1_000 });
      }
      return page;
    } finally {
      if (this.running.get(key) === rendering) this.running.delete(key);
    }
  }

  /** What is being rendered is not kept either. */
  clear(): void {
    this.pages.clear();
    this.running.clear();
  }
}
