export { CHARGED_UNITS } from './charged-units.js';
export { ClassificationService } from './classification.service.js';
export { EmbeddingService } from './embedding.service.js';
export { Hub } from './hub.gateway.js';
export { ImageDownloader } from './image-url.gateway.js';
export { CALL_BYTES_MAX, IMAGE_BYTES_MAX, type ImageSource } from './image-source.js';
export { ImagesService } from './images.service.js';
export { InferenceResolver } from './inference.resolver.js';
export { LabelSetsResolver } from './label-sets.resolver.js';
export { LabelSetsService } from './label-sets.service.js';
export type { HeldRun, Metered, Quote, Tier } from './metered-call.js';
export {
  type ClassifyCall,
  type ClassifyResult,
  type EmbedCall,
  type EmbedResult,
  MeteredClassificationService,
  type ServedModel,
} from './metered-classification.service.js';
export { holdOf, type MeterOptions, MeterService } from './meter.service.js';
export { type LoadedModel, ModelService } from './model.service.js';
export { type Predictor, PredictorsService } from './predictors.service.js';
export { IMAGE_PURPOSES, JSONL_BYTES_MAX, type Upload } from './upload.js';
export { type UploadLabel, UploadsService } from './uploads.service.js';
