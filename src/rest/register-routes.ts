import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from '../errors.js';
import { type Authenticate, authenticationHooks } from '../http/authentication.js';
import { refuseOtherMethods } from '../http/methods.js';
import { accountOf, requireScope } from '../platform/actor.js';
import { Call } from './call.js';
import { decodeBody, dropEmptyBody } from './request-body.js';
import type { Route } from './route.js';

export interface RestOptions {
  readonly authenticate: Authenticate;
  /** Longest body of a caller who had to say who they are; others get what every route gets. */
  readonly bodyBytesMax: number;
}

/** Serves routes: who calls, what was sent, the answer, and errors in the route's dialect. */
export async function registerRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  { authenticate, bodyBytesMax }: RestOptions,
): Promise<void> {
  const hooks = authenticationHooks(authenticate);
  const add = (scope: FastifyInstance, route: Route) => {
    const { method, url, dialect, scope: needed, needsCaller } = route;
    scope.route({
      method,
      url,
      exposeHeadRoute: method === 'GET',
      bodyLimit: bodyBytesMax,
      config: { renderError: dialect.renderError, anonymousLimit: 'own' },
      onRequest: [
        hooks.onRequest,
        (request, _reply, done) => {
          refuseKeyInAddress(request);
          const { actor } = new Call(request, _reply, dialect);
          requireScope(actor, needed);
          if (needsCaller === true) accountOf(actor);
          done();
        },
      ],
      preParsing: [
        ...(readsItself(route) ? [] : [dropEmptyBody]),
        // A file is counted where it is received.
        decodeBody(route.isUpload === true ? undefined : bodyBytesMax),
        // Who may use any other is known by now, and may send all of it: a pull of 10,000 costs is 330 KB.
        ...(needed === 'public' ? [hooks.preParsing] : []),
      ],
      handler: (request, reply) => answer(route, request, reply),
    });
  };
  const forms = routes.filter(({ isForm, fromForm }) => isForm === true || fromForm !== undefined);
  const binary = routes.filter(({ fromBytes }) => fromBytes !== undefined);
  const uploads = routes.filter(({ isUpload }) => isUpload === true);
  const special = [...forms, ...binary, ...uploads];
  const others = routes.filter((route) => !special.includes(route));
  for (const route of others) add(app, route);
  await app.register((scope, _options, done) => {
    // JSON too, as one that says where its JSON ends has more after it.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, parsed) => {
      if (JSON_OR_BYTES.test(request.headers['content-type'] ?? '')) parsed(null, body);
      else parsed(notJsonOrBytes(), undefined);
    });
    for (const route of binary) add(scope, route);
    done();
  });
  await app.register(async (scope) => {
    await scope.register(multipart, {
      limits: { files: 16, fields: 50, fieldSize: 1024 * 1024, fileSize: bodyBytesMax, parts: 66 },
    });
    for (const route of forms) add(scope, route);
  });
  await app.register(async (scope) => {
    await scope.register(multipart, { throwFileSizeLimit: false });
    scope.addContentTypeParser(
      /^(image\/|application\/octet-stream)/,
      (_request, payload, parsed) => {
        parsed(null, payload);
      },
    );
    for (const route of uploads) add(scope, route);
  });
  refuseMethods(app, routes);
}

/** Answers 405 for the methods that an address does not take: a client is told which it does. */
function refuseMethods(app: FastifyInstance, routes: readonly Route[]): void {
  const patternOf = ({ url }: Route) => url.replace(/:\w+/g, ':');
  const first = new Map<string, Route>();
  for (const route of routes) {
    if (!first.has(patternOf(route))) first.set(patternOf(route), route);
  }
  for (const [pattern, one] of first) {
    const methods: string[] = routes
      .filter((route) => patternOf(route) === pattern)
      .map(({ method }) => method);
    const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])];
    refuseOtherMethods(app, one.url, allowed, { renderError: one.dialect.renderError });
  }
}

/** Triton's clients send no content type. */
const JSON_OR_BYTES =
  /^\s*(?:application\/(?:octet-stream\b.*|json\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?))?$/i;

function notJsonOrBytes(): AppError {
  return new AppError(
    'UNSUPPORTED_MEDIA_TYPE',
    'Send JSON in UTF-8 as application/json, or application/octet-stream.',
  );
}

async function answer(
  route: Route,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const call = new Call(request, reply, route.dialect);
  const given = {
    params: check(route.params, request.params),
    query: check(route.query, request.query),
    body: readsItself(route) ? undefined : check(route.body, await bodyOf(route, request, call)),
  };
  const result: unknown = await route.handle(call, given as never);
  if (reply.sent) return reply;
  // A secret is shown once, when it is made: reads hold none, and neither do results of models.
  reply.mayCompress = route.method === 'GET' || route.scope === 'inference';
  return reply.status(route.status ?? 200).send(result);
}

function readsItself({ isForm, isUpload }: Route): boolean {
  return isForm === true || isUpload === true;
}

async function bodyOf(
  { fromForm, fromBytes }: Route,
  request: FastifyRequest,
  call: Call,
): Promise<unknown> {
  if (fromForm !== undefined && request.isMultipart()) return fromForm(await call.readForm());
  if (fromBytes !== undefined && Buffer.isBuffer(request.body)) {
    return fromBytes(request.body, call);
  }
  return request.body ?? {};
}

/** @throws AppError BAD_USER_INPUT that names the field */
function check(schema: z.ZodType | undefined, given: unknown): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw badInput(result.error);
}

/** The first thing that is wrong with what was sent. */
export function badInput({ issues }: z.ZodError): AppError {
  // A misspelt name explains why another is missing.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const argument = unknown ?? (issue?.path ?? []).map(String).join('.');
  const isMissing = issue?.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const message = isMissing ? 'It is required.' : (issue?.message ?? 'Invalid input');
  return new AppError(
    'BAD_USER_INPUT',
    argument === '' || unknown !== undefined ? message : `${argument}: ${message}`,
    { details: { argument } },
  );
}

/** Addresses are logged by everybody on the way. */
function refuseKeyInAddress({ query }: FastifyRequest): void {
  const names = ['api_key', 'apikey', 'key', 'access_token', 'token'];
  const given = names.find((name) => {
    const value = (query as Record<string, unknown>)[name];
    return typeof value === 'string' && value.startsWith('gr-');
  });
  if (given === undefined) return;
  throw new AppError(
    'UNAUTHENTICATED',
    `A key in the URL can be read by others. Send "authorization: Bearer …" instead of "${given}", and create a new key.`,
  );
}
