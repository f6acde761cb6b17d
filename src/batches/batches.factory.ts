import type { DomainResolvers, FindNode } from '../graphql/node.resolver.js';
import type { UploadsService } from '../inference/index.js';
import { BatchInputService } from './batch-input.service.js';
import { BatchWorker, type BatchWorkerParts } from './batch-worker.service.js';
import { BatchesResolver, BatchFilesResolver, BatchProgressResolver } from './batches.resolver.js';
import { type BatchParts, BatchesService } from './batches.service.js';

export interface BatchesDeps extends Omit<BatchParts & BatchWorkerParts, 'input' | 'leaseMs'> {
  readonly uploads: UploadsService;
  readonly config: { readonly calls: { readonly holdMs: number } };
}

/** Calls from files, run later. */
export function createBatches({ config, ...deps }: BatchesDeps) {
  const input = new BatchInputService(deps.uploads);
  return {
    batches: new BatchesService({ ...deps, input }),
    batchWorker: new BatchWorker({ ...deps, input, leaseMs: config.calls.holdMs }),
  };
}

/** @param findFile finds a file by its id */
export function batchesResolvers(
  services: Pick<ReturnType<typeof createBatches>, 'batches'>,
  findFile: FindNode,
) {
  const batches = new BatchesResolver(services.batches);
  return {
    resolvers: [
      batches,
      new BatchFilesResolver(findFile),
      new BatchProgressResolver(services.batches),
    ],
    nodes: { batch: { type: 'Batch', find: batches.findNode } },
  } satisfies DomainResolvers;
}
