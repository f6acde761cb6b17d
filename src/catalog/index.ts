export { readCatalogFolder } from './catalog-file.js';
export { seedCatalog } from './catalog.seed.js';
export { CatalogResolver } from './catalog.resolver.js';
export { CatalogService } from './catalog.service.js';
export { MODEL_STATUSES, MODEL_TASKS } from './model.js';
export type { Model, ModelStatus, ModelTask, PriceUnit } from './model.js';
export { ModelType } from './model.type.js';
export type { ModelFilter, ModelOrder } from './model-order.js';
