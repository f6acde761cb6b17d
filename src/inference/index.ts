export { ClassificationService } from './classification.service.js';
export { EmbeddingService } from './embedding.service.js';
export { Hub } from './hub.gateway.js';
export { ModelService } from './model.service.js';
