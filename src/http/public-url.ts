import type { FastifyInstance } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the sender of the request reaches the server, without a slash at the end: addresses in answers begin with it. */
    readonly publicUrl: string;
  }
}

/** A host as URLs have it; anything else in a `Host` header is not repeated. */
const HOST = /^(?:[a-z\d_.-]+|\[[a-f\d:.]+\])(?::\d{1,5})?$/i;

/**
 * Before any route. Links in mails never follow the request: whoever sends one chooses its host.
 * @param publicUrl PUBLIC_URL, its path prefix included
 * @param followsHost true where PUBLIC_URL is not set: addresses are those of the host that was asked
 */
export function decorateWithPublicUrl(
  app: FastifyInstance,
  { publicUrl, followsHost }: { readonly publicUrl: string; readonly followsHost: boolean },
): void {
  app.decorateRequest('publicUrl', {
    getter() {
      const { protocol, host } = this;
      return followsHost && HOST.test(host) ? `${protocol}://${host}` : publicUrl;
    },
  });
}
