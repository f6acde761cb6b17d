import type { ContactsService, KeysService } from '../../accounts/index.js';
import type { CatalogService } from '../../catalog/index.js';
import type { CreditsService } from '../../credits/index.js';
import type { MeteredClassificationService } from '../../inference/index.js';
import type { CallLimits, UsageService } from '../../usage/index.js';
import type { Route } from '../route.js';
import { accountRoutes } from './account.routes.js';
import { endpointsRoutes } from './endpoints.routes.js';
import { generationRoutes } from './generation.routes.js';
import { keysRoutes } from './keys.routes.js';
import { openrouterModelsRoutes } from './models.routes.js';

export interface OpenRouterServices {
  readonly contacts: ContactsService;
  readonly catalog: CatalogService;
  readonly credits: CreditsService;
  readonly inference: MeteredClassificationService;
  readonly keys: KeysService;
  readonly limits: CallLimits;
  readonly usage: UsageService;
}

/** What OpenRouter has under `/api/v1`. */
export function openrouterRoutes(services: OpenRouterServices): Route[] {
  return [
    ...openrouterModelsRoutes(services.catalog),
    ...endpointsRoutes(services),
    ...accountRoutes(services),
    ...keysRoutes(services),
    ...generationRoutes(services.usage),
  ];
}
