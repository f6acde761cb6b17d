import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

export interface StaticAnswerOptions {
  readonly contentType: string;
  /** Seconds that a client may use it without asking. */
  readonly maxAgeS: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Another content has another address. */
  readonly isImmutable?: boolean;
}

/** An answer that stays the same while the server runs. Clients that have it already get 304. */
export class StaticAnswer {
  private readonly etag: string;

  constructor(
    private readonly body: string | Buffer,
    private readonly options: StaticAnswerOptions,
  ) {
    const hash = createHash('sha256').update(body).digest('base64url').slice(0, 22);
    // Weak: compressed or not, it is the same.
    this.etag = `W/"${hash}"`;
  }

  send(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { contentType, maxAgeS, headers, isImmutable = false } = this.options;
    reply.mayCompress = true;
    void reply.headers({
      ...headers,
      etag: this.etag,
      'cache-control': `public, max-age=${String(maxAgeS)}${isImmutable ? ', immutable' : ''}`,
    });
    if (this.isKnown(request.headers['if-none-match'])) return reply.status(304).send();
    return reply.header('content-type', contentType).send(this.body);
  }

  private isKnown(ifNoneMatch: string | undefined): boolean {
    const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^(?!W\/)/, 'W/'));
    return tags.includes(this.etag) || ifNoneMatch?.trim() === '*';
  }
}
