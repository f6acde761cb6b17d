import type { ContactsService, KeysService } from '../accounts/index.js';
import type { BatchesService } from '../batches/index.js';
import type { CatalogService } from '../catalog/index.js';
import type { CreditsService } from '../credits/index.js';
import type { MeteredClassificationService, UploadsService } from '../inference/index.js';
import type { CallLimits, StatisticsService, UsageService } from '../usage/index.js';
import { bentomlRoutes } from './bentoml/rank.routes.js';
import { deepinfraRoutes } from './deepinfra/inference.routes.js';
import { huggingfaceBillingRoutes } from './huggingface/billing.routes.js';
import { hubModelsRoutes } from './huggingface/hub-models.routes.js';
import { whoamiRoutes } from './huggingface/whoami.routes.js';
import { huggingfaceModelRoutes } from './huggingface/models.routes.js';
import { MeteredCalls } from './metered-calls.js';
import { openInferenceModelRoutes } from './open-inference/models.routes.js';
import { openInferenceRepositoryRoutes } from './open-inference/repository.routes.js';
import { openInferenceServerRoutes } from './open-inference/server.routes.js';
import { batchesRoutes } from './openai/batches.routes.js';
import { classifyRoutes } from './openai/classify.routes.js';
import { chatRoutes } from './openai/chat.routes.js';
import { embeddingsRoutes } from './openai/embeddings.routes.js';
import { filesRoutes } from './openai/files.routes.js';
import { modelsRoutes } from './openai/models.routes.js';
import { moderationsRoutes } from './openai/moderations.routes.js';
import { responsesRoutes } from './openai/responses.routes.js';
import { openrouterRoutes } from './openrouter/openrouter.routes.js';
import { replicateRoutes } from './replicate/predictions.routes.js';
import { roboflowRoutes } from './roboflow/clip.routes.js';
import type { Route } from './route.js';
import { usageExportRoutes } from './usage-export.routes.js';

export interface RestServices {
  readonly contacts: ContactsService;
  readonly batches: BatchesService;
  readonly catalog: CatalogService;
  readonly credits: CreditsService;
  readonly inference: MeteredClassificationService;
  readonly keys: KeysService;
  readonly limits: CallLimits;
  readonly statistics: StatisticsService;
  readonly uploads: UploadsService;
  readonly usage: UsageService;
}

/** Every address of the REST APIs that is described by `/openapi.json`. */
export function createRoutes(services: RestServices): Route[] {
  const { batches, catalog, inference, limits, uploads, usage } = services;
  const calls = new MeteredCalls(inference, limits);
  return [
    ...classifyRoutes(calls),
    ...embeddingsRoutes(calls),
    ...chatRoutes(calls),
    ...responsesRoutes(calls),
    ...moderationsRoutes(calls, catalog),
    ...filesRoutes(uploads, batches),
    ...batchesRoutes(batches, limits),
    ...modelsRoutes(catalog),
    ...openrouterRoutes(services),
    ...hubModelsRoutes(catalog, inference),
    ...whoamiRoutes(services.contacts, services.keys),
    ...huggingfaceModelRoutes(calls),
    ...huggingfaceBillingRoutes(usage),
    ...deepinfraRoutes(calls),
    ...replicateRoutes(calls),
    ...roboflowRoutes(calls, catalog),
    ...bentomlRoutes(calls, catalog),
    ...openInferenceServerRoutes(catalog),
    ...openInferenceRepositoryRoutes(catalog),
    ...openInferenceModelRoutes(calls),
    ...usageExportRoutes(services.statistics),
  ];
}
