import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../errors.js';
import type { Metrics } from '../platform/metrics.js';
import { SharedReads } from '../platform/shared-reads.js';

export interface Readiness {
  /** Resolves when the database answers; rejects with its error. @returns names of unfinished migrations. */
  pendingMigrations(): Promise<string[]>;
  /** Resolves when the database takes writes; rejects with an error that says why not. */
  requireWritable(): Promise<void>;
  /** True from the moment that a stop was asked for. */
  isDraining(): boolean;
}

/** `/healthz`: the process runs. `/readyz`: it can serve. `/metrics`: what it counts, for Prometheus. */
export function registerOperationsRoutes(
  app: FastifyInstance,
  {
    readiness,
    metrics,
    metricsToken,
  }: { readiness: Readiness; metrics: Metrics; metricsToken: string | undefined },
): void {
  // Who asks is the operator, often. It may be anybody, so however many ask at the same time, it is looked at once.
  const config = { anonymousLimit: 'none' } as const;
  const looks = new SharedReads();
  app.get('/healthz', { config }, () => ({ status: 'alive' }));

  app.get('/readyz', { config }, async () => {
    if (readiness.isDraining())
      throw new AppError('UPSTREAM_UNAVAILABLE', 'The server is stopping.');
    const pending = await looks.run('migrations', () => readiness.pendingMigrations());
    if (pending.length > 0) {
      throw new AppError(
        'UPSTREAM_UNAVAILABLE',
        'Database migrations are pending. Run `gigarouter migrate`.',
        {
          details: { pending },
        },
      );
    }
    await looks.run('writable', () => readiness.requireWritable());
    return { status: 'ready' };
  });

  app.get('/metrics', { config }, async (request, reply) => {
    if (metricsToken !== undefined && !isBearer(request.headers.authorization, metricsToken)) {
      throw new AppError('UNAUTHENTICATED', 'Send the METRICS_TOKEN as a bearer token.');
    }
    reply.mayCompress = true;
    return reply.type(metrics.contentType).send(await looks.run('metrics', () => metrics.render()));
  });
}

/** Compares hashes, so that neither length nor content shows in the time it takes. */
function isBearer(header: string | undefined, token: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(header ?? ''), hash(`Bearer ${token}`));
}
