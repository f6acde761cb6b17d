import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  IDENTITY_PATH,
  identityPathOf,
  type IdentityGateway,
  IP_ADDRESS_HEADER,
  type SignInService,
} from '../accounts/index.js';
import type { Origins } from '../http/origins.js';

export interface IdentityRoutesOptions {
  readonly identity: Pick<IdentityGateway, 'handle'>;
  readonly signIn: Pick<SignInService, 'signInBrowser'>;
  /** Where people reach the server. */
  readonly publicUrl: string;
  readonly origins: Pick<Origins, 'isOwn'>;
}

/** The identity library's own routes, for the console's cookies and for OAuth. */
export function registerIdentityRoutes(
  app: FastifyInstance,
  { identity, signIn, publicUrl, origins }: IdentityRoutesOptions,
): void {
  app.route({
    method: ['GET', 'POST'],
    url: `${IDENTITY_PATH}/*`,
    handler: async (request, reply) => {
      const asked = toRequest(request, publicUrl);
      // The library knows the server's pages by one address only; they may have been opened at another one.
      if (request.headers.origin !== undefined && origins.isOwn(request)) {
        asked.headers.set('origin', new URL(publicUrl).origin);
      }
      const { email } = (request.body ?? {}) as { email?: unknown };
      const isGuess = identityPathOf(asked.url, publicUrl) === '/sign-in/email';
      const answer =
        isGuess && typeof email === 'string'
          ? await signIn.signInBrowser({ ipAddress: request.ip }, email, asked)
          : await identity.handle(asked);
      return send(reply, answer);
    },
  });
}

/** The address is the configured one, never what the Host header says. */
function toRequest(request: FastifyRequest, publicUrl: string): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string' && name !== 'content-length') headers.set(name, value);
  }
  headers.set(IP_ADDRESS_HEADER, request.ip);
  const body = request.method === 'POST' ? { body: JSON.stringify(request.body ?? {}) } : {};
  return new Request(publicUrl + request.url, { method: request.method, headers, ...body });
}

async function send(reply: FastifyReply, answer: Response): Promise<FastifyReply> {
  reply.status(answer.status);
  for (const [name, value] of answer.headers) {
    // Which origins may read it is decided for all routes alike (http/cors.ts).
    if (name === 'set-cookie' || name.startsWith('access-control-')) continue;
    reply.header(name, value);
  }
  const cookies = answer.headers.getSetCookie();
  if (cookies.length > 0) reply.header('set-cookie', cookies);
  return reply.send(Buffer.from(await answer.arrayBuffer()));
}
