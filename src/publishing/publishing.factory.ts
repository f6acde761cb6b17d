import type { CatalogChanges, CatalogService, ProvidersService } from '../catalog/index.js';
import type { DomainResolvers } from '../graphql/node.resolver.js';
import type { ModelService, PredictorsService } from '../inference/index.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import { ModelAlerts, type ModelAlertsParts } from './model-alerts.service.js';
import { ModelChecksService } from './model-checks.service.js';
import { ProviderChecksService } from './provider-checks.service.js';
import { PublishingResolver } from './publishing.resolver.js';
import { PublishingService } from './publishing.service.js';

export interface PublishingDeps extends Omit<ModelAlertsParts, 'publicUrl'> {
  readonly db: Database;
  readonly logger: Logger;
  readonly catalog: CatalogService;
  readonly catalogChanges: CatalogChanges;
  readonly providers: ProvidersService;
  readonly predictors: PredictorsService;
  readonly models: ModelService;
  readonly config: {
    readonly publicUrl: string;
    /** Between two checks of a model that can be called. */
    readonly modelCheckMs: number;
  };
}

/** Taking models live, and the regular check of those that are. */
export function createPublishing(deps: PublishingDeps) {
  const { db, logger, catalog, catalogChanges, config } = deps;
  const intervalMs = config.modelCheckMs;
  const checks = new ProviderChecksService(deps.providers, deps.predictors, deps.models);
  const alerts = new ModelAlerts({ ...deps, publicUrl: config.publicUrl });
  return {
    providerChecks: checks,
    modelChecks: new ModelChecksService({
      db,
      catalog,
      catalogChanges,
      checks,
      alerts,
      logger,
      intervalMs,
    }),
    publishing: new PublishingService({ catalog, catalogChanges, checks, intervalMs }),
  };
}

export function publishingResolvers(
  services: Pick<ReturnType<typeof createPublishing>, 'publishing'> &
    Pick<PublishingDeps, 'catalog'>,
) {
  return {
    resolvers: [new PublishingResolver(services.publishing, services.catalog)],
  } satisfies DomainResolvers;
}
