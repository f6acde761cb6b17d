export { readCatalogFolder } from './catalog-file.js';
export { seedCatalog } from './catalog.seed.js';
export { CatalogResolver } from './catalog.resolver.js';
export { CatalogService } from './catalog.service.js';
export type { Model, PriceUnit } from './model.js';
