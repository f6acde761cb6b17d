import type { DomainResolvers } from '../graphql/node.resolver.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import { CatalogChanges } from './catalog-changes.service.js';
import { CatalogAdminResolver } from './catalog-admin.resolver.js';
import { CatalogAdminService } from './catalog-admin.service.js';
import { CatalogResolver } from './catalog.resolver.js';
import { CatalogService } from './catalog.service.js';
import { HubModels, type HubModelsOptions } from './hub-models.gateway.js';
import { HubSyncService } from './hub-sync.service.js';
import { ModelChangesService } from './model-changes.service.js';
import { ProposalsService } from './proposals.service.js';
import { ProvidersResolver } from './providers.resolver.js';
import { ProvidersService } from './providers.service.js';

export interface CatalogDeps {
  readonly db: Database;
  readonly logger: Logger;
  readonly config: {
    readonly hub: HubModelsOptions;
    /** Between two looks at what the Hub says of a model; undefined: only when it is asked for. */
    readonly hubSyncMs: number | undefined;
  };
}

/** Models, and who runs them. */
export function createCatalog({ db, logger, config }: CatalogDeps) {
  const catalog = new CatalogService(db);
  const catalogChanges = new CatalogChanges(db);
  const hub = new HubModels(config.hub);
  return {
    catalog,
    catalogChanges,
    catalogAdmin: new CatalogAdminService(catalogChanges),
    hub,
    hubSync: new HubSyncService({ db, catalogChanges, hub, logger, intervalMs: config.hubSyncMs }),
    modelChanges: new ModelChangesService(db, catalogChanges),
    proposals: new ProposalsService(),
    providers: new ProvidersService(db, catalogChanges, catalog),
  };
}

export function catalogResolvers(services: ReturnType<typeof createCatalog>) {
  const { catalog, modelChanges } = services;
  const models = new CatalogResolver(catalog, modelChanges);
  return {
    resolvers: [
      models,
      new CatalogAdminResolver(services.catalogAdmin, modelChanges, catalog),
      new ProvidersResolver(services.providers),
    ],
    nodes: {
      mdl: { type: 'Model', find: models.findNode, isPublic: true },
      prc: { type: 'PriceVersion', find: models.findPriceVersion, isPublic: true },
    },
  } satisfies DomainResolvers;
}
