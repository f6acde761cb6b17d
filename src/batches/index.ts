export { batchesResolvers, createBatches } from './batches.factory.js';
export { BATCH_CHECKS } from './batch-checks.sql.js';
export type { BatchEndpoint, BatchEndpoints } from './batch-endpoint.js';
export { BatchInputService } from './batch-input.service.js';
export { BatchWorker } from './batch-worker.service.js';
export type { BatchProgress } from './batch.js';
export { BatchesService } from './batches.service.js';
