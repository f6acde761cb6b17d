import type { ProviderRoute, ProvidersService } from '../catalog/index.js';
import { AppError } from '../errors.js';
import type { ProviderId } from '../platform/ids.js';
import type { Logger } from '../platform/logger.js';
import { hasNotRun, type PredictorAddress, PredictorClient } from '../predictor/client.js';

/** Whoever runs graphs. */
export type Predictor = Pick<PredictorClient, 'infer' | 'find'>;

/** Who runs the graphs of a model. */
export interface Predictors {
  /** @param servedAs the slug that the graphs are named by */
  of(servedAs: string): Predictor;
}

interface Routes {
  readonly byModel: ReadonlyMap<string, readonly ProviderRoute[]>;
  /** When they were asked for, by `performance.now()`. */
  readonly readAt: number;
}

/** Routes are believed for this long: so soon an edit is in force, on every server. */
const ROUTES_MS = 1_000;
/** A provider that failed a call is asked last for this long, whatever the last check of it says. */
const REST_MS = 5_000;

/**
 * Sends each call of a model to its providers: the first by priority that is well, and the next where the
 * one before has run nothing. What may have run is not sent again: the call fails, and the next one goes
 * elsewhere. A model without an enabled provider goes to the built-in predictor.
 */
export class PredictorsService implements Predictors {
  private known: Routes | undefined;
  private reading: Promise<Routes> | undefined;
  private readonly clients = new Map<
    ProviderId,
    { route: ProviderRoute; client: PredictorClient }
  >();
  private readonly restsUntil = new Map<ProviderId, number>();

  constructor(
    /** The predictor that comes with the server, or PREDICTOR_URL. */
    readonly builtIn: Predictor,
    private readonly providers: Pick<ProvidersService, 'routes'>,
    private readonly logger: Logger,
  ) {}

  of(servedAs: string): Predictor {
    return {
      infer: (graph, inputName, input, options) => {
        const deadline = performance.now() + options.timeoutMs;
        return this.ask(servedAs, (predictor, isLast) =>
          predictor.infer(graph, inputName, input, {
            ...options,
            timeoutMs: Math.max(1, deadline - performance.now()),
            ...(isLast ? {} : { attemptsMax: 1 }),
          }),
        );
      },
      find: (graph, timeoutMs) => this.find(servedAs, graph, timeoutMs),
    };
  }

  /** One provider, whatever its state. */
  to(route: ProviderRoute): Predictor {
    if (route.protocol === 'BUILT_IN') return this.builtIn;
    const known = this.clients.get(route.id);
    if (known !== undefined) {
      known.route = route;
      return known.client;
    }
    const client = new PredictorClient(() => addressOf(this.clients.get(route.id)?.route));
    this.clients.set(route.id, { route, client });
    return client;
  }

  /** Routes are read anew by the next call. */
  forget(): void {
    this.known = undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.clients.values()].map(({ client }) => client.close()));
  }

  /** Of the first one that serves it. */
  private async find(
    servedAs: string,
    graph: string,
    timeoutMs: number,
  ): Promise<string | undefined> {
    const all = (await this.read()).byModel.get(servedAs);
    if (all === undefined) return this.builtIn.find(graph, timeoutMs);
    let failure: Error | undefined;
    for (const route of this.inOrder(all)) {
      try {
        const hash = await this.to(route).find(graph, timeoutMs);
        if (hash !== undefined) return hash;
      } catch (error) {
        failure ??= error as Error;
      }
    }
    if (failure !== undefined) throw failure;
    return undefined;
  }

  private async ask<Result>(
    servedAs: string,
    call: (predictor: Predictor, isLast: boolean) => Promise<Result>,
  ): Promise<Result> {
    const all = (await this.read()).byModel.get(servedAs);
    if (all === undefined) return call(this.builtIn, true);
    const asked = this.inOrder(all);
    let busy: unknown;
    for (const [at, route] of asked.entries()) {
      const isLast = at === asked.length - 1;
      try {
        return await call(this.to(route), isLast);
      } catch (error) {
        this.remember(route, error);
        // Who is told to come again later finds one of them free then.
        if (isOverloaded(error)) busy ??= error;
        if (!hasNotRun(error)) throw error;
        if (isLast) throw busy ?? error;
      }
    }
    throw new AppError('UPSTREAM_UNAVAILABLE', `${servedAs} is temporarily unavailable.`);
  }

  /** By priority; those that are unwell, or have just failed, at the end. Without those nobody has verified. */
  private inOrder(routes: readonly ProviderRoute[]): readonly ProviderRoute[] {
    const now = performance.now();
    const isWell = ({ id, health }: ProviderRoute) =>
      health === 'READY' && (this.restsUntil.get(id) ?? 0) <= now;
    const verified = routes.filter((route) => route.verified);
    return [
      ...verified.filter((route) => isWell(route)),
      ...verified.filter((route) => !isWell(route)),
    ];
  }

  private remember({ id, name, servedAs }: ProviderRoute, error: unknown): void {
    if (!(error instanceof AppError)) return;
    if (error.code !== 'UPSTREAM_UNAVAILABLE' && error.code !== 'NOT_FOUND') return;
    const now = performance.now();
    if ((this.restsUntil.get(id) ?? 0) <= now) {
      this.logger.warn(
        { provider: name, model: servedAs, err: error },
        'a provider failed a call; it is asked last for a while',
      );
    }
    this.restsUntil.set(id, now + REST_MS);
  }

  /** The routes as they were within the last second; one reading serves all who wait for it. */
  private async read(): Promise<Routes> {
    const { known } = this;
    if (known !== undefined && performance.now() - known.readAt < ROUTES_MS) return known;
    this.reading ??= this.load().finally(() => (this.reading = undefined));
    return this.reading.catch((error: unknown) => {
      // A call that was held before the database went away is served still.
      if (known === undefined) throw error;
      return known;
    });
  }

  private async load(): Promise<Routes> {
    const readAt = performance.now();
    const routes = await this.providers.routes();
    const ids = new Set(routes.map(({ id }) => id));
    for (const [id, { client }] of this.clients) {
      if (ids.has(id)) continue;
      this.clients.delete(id);
      this.restsUntil.delete(id);
      client.leave().catch(() => undefined);
    }
    const byModel = new Map<string, ProviderRoute[]>();
    for (const route of routes) {
      byModel.set(route.servedAs, [...(byModel.get(route.servedAs) ?? []), route]);
    }
    this.known = { byModel, readAt };
    return this.known;
  }
}

function addressOf(route: ProviderRoute | undefined): PredictorAddress | undefined {
  if (route === undefined || route.url === null) return undefined;
  return { url: route.url, token: route.token ?? undefined };
}

function isOverloaded(error: unknown): boolean {
  return error instanceof AppError && error.code === 'OVERLOADED';
}
