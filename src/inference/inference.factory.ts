import type { CatalogChanges, CatalogService, ProvidersService } from '../catalog/index.js';
import type { CreditsService, PaidUnitsService } from '../credits/index.js';
import type { DomainResolvers } from '../graphql/node.resolver.js';
import type { Database } from '../platform/database.js';
import type { Logger } from '../platform/logger.js';
import type { Variant } from '../siglip/index.js';
import type { CallLimits, UsageService } from '../usage/index.js';
import { ClassificationService } from './classification.service.js';
import { EmbeddingService } from './embedding.service.js';
import { IMAGE_BYTES_MAX } from './image-source.js';
import { ImageDownloader, type ImageUrlOptions } from './image-url.gateway.js';
import { ImagesService } from './images.service.js';
import { InferenceResolver } from './inference.resolver.js';
import { FilesResolver } from './files.resolver.js';
import { LabelSetsResolver } from './label-sets.resolver.js';
import { LabelSetsService } from './label-sets.service.js';
import { type EarlyAccess, type MeterOptions, MeterService } from './meter.service.js';
import { MeteredClassificationService } from './metered-classification.service.js';
import { ModelService } from './model.service.js';
import { OwnedUnitsService } from './owned-units.service.js';
import { type Predictor, PredictorsService } from './predictors.service.js';
import { type UploadOptions, UploadsService } from './uploads.service.js';

export interface InferenceDeps {
  readonly db: Database;
  readonly logger: Logger;
  readonly catalog: CatalogService;
  readonly catalogChanges: CatalogChanges;
  readonly providers: ProvidersService;
  readonly credits: CreditsService;
  readonly paidUnits: PaidUnitsService;
  readonly usage: UsageService;
  readonly demand: EarlyAccess;
  /** The predictor that comes with the server, or another one that is configured. */
  readonly predictor: Predictor;
  readonly config: {
    readonly modelsDir: string;
    readonly modelVariant: Variant;
    readonly calls: MeterOptions;
    readonly uploads: UploadOptions;
    readonly imageUrl: Omit<ImageUrlOptions, 'bytesMax'>;
    readonly caches: { readonly textBytesMax: number; readonly imageBytesMax: number };
  };
}

/** Longest run of the predictor, its queue included. */
const PREDICT_MS = 60_000;

/** Classification and embedding, and what they are made of. */
export function createInference(deps: InferenceDeps) {
  const { db, logger, catalogChanges, paidUnits, config } = deps;
  const predictors = new PredictorsService(deps.predictor, deps.providers, logger);
  const embeddings = new EmbeddingService(predictors, {
    textCacheBytesMax: config.caches.textBytesMax,
    imageCacheBytesMax: config.caches.imageBytesMax,
    timeoutMs: PREDICT_MS,
  });
  const models = new ModelService(config.modelsDir, config.modelVariant);
  const meter = new MeterService(deps, config.calls);
  // What is remembered of a model is not true any more.
  catalogChanges.onChange(() => {
    predictors.forget();
    meter.forget();
  });
  const uploads = new UploadsService(db, config.uploads);
  const downloader = new ImageDownloader({ bytesMax: IMAGE_BYTES_MAX, ...config.imageUrl });
  const labelSets = new LabelSetsService(db, embeddings);
  const inference = new MeteredClassificationService({
    meter,
    models,
    classification: new ClassificationService(embeddings),
    embeddings,
    images: new ImagesService(downloader, uploads),
    labelSets,
    units: new OwnedUnitsService(paidUnits, embeddings),
    logger,
  });
  return { embeddings, inference, labelSets, models, predictors, uploads };
}

export function inferenceResolvers(
  services: Pick<ReturnType<typeof createInference>, 'inference' | 'labelSets' | 'uploads'> & {
    readonly limits: CallLimits;
  },
) {
  const labelSets = new LabelSetsResolver(services.labelSets);
  const files = new FilesResolver(services.uploads);
  return {
    resolvers: [new InferenceResolver(services.inference, services.limits), labelSets, files],
    nodes: {
      lset: { type: 'LabelSet', find: labelSets.findNode },
      file: { type: 'File', find: files.findNode },
    },
  } satisfies DomainResolvers;
}
