export { createInference, inferenceResolvers } from './inference.factory.js';
export { resolveScoring } from './call-checks.service.js';
export { holdOf } from './call-hold.js';
export { CHARGED_UNITS } from './charged-units.js';
export { ClassificationService } from './classification.service.js';
export { isDataUrlOfImage } from './data-url.js';
export { EmbeddingService } from './embedding.service.js';
export { Hub, type FoundModel, type HubSnapshot } from './hub.gateway.js';
export { ImageDownloader } from './image-url.gateway.js';
export { CALL_BYTES_MAX, type ImageSource } from './image-source.js';
export type {
  ClassifyCall,
  ClassifyResult,
  EmbedCall,
  EmbedResult,
  ServedModel,
} from './inference-call.js';
export type { HeldRun, Metered, Quote, Tier } from './metered-call.js';
export { MeteredClassificationService } from './metered-classification.service.js';
export { type MeterOptions } from './meter.service.js';
export { type LoadedModel, ModelService } from './model.service.js';
export { type Predictor, PredictorsService } from './predictors.service.js';
export { FileType } from './file.type.js';
export { IMAGE_PURPOSES, JSONL_BYTES_MAX, type Upload } from './upload.js';
export { type UploadLabel, UploadsService } from './uploads.service.js';
export type { PublishedFile } from '../siglip/index.js';
