import { z } from 'zod';
import { isCallable, type Model } from '../../catalog/index.js';
import type { PublishedFile } from '../../inference/index.js';
import { hubTask, PROVIDER, publishedAt } from '../model-object.js';

/** How the tag of a license begins. */
export const LICENSE = 'license:';

export const HubModel = z.object({
  _id: z.string(),
  id: z.string(),
  modelId: z.string(),
  author: z.string(),
  pipeline_tag: z.string(),
  tags: z.array(z.string()),
  downloads: z
    .int()
    .optional()
    .meta({ description: 'A month, on the Hugging Face Hub; left out while it is not known' }),
  likes: z
    .int()
    .optional()
    .meta({ description: 'On the Hugging Face Hub; left out while it is not known' }),
  private: z.literal(false),
  gated: z.literal(false),
  createdAt: z.string(),
  lastModified: z.string(),
  safetensors: z
    .object({
      parameters: z.object({}).meta({ description: 'By precision: not known' }),
      total: z.int(),
    })
    .optional()
    .meta({ description: 'Number of parameters; left out while it is not known' }),
  inferenceProviderMapping: z
    .array(
      z.object({
        provider: z.string(),
        providerId: z.string(),
        status: z.literal('live'),
        task: z.string(),
      }),
    )
    .optional(),
});

/** One model, with the files that it was published with. */
export const HubModelInfo = HubModel.extend({
  siblings: z
    .array(z.object({ rfilename: z.string(), size: z.int().optional() }))
    .meta({ description: 'Empty while the model is not installed here' }),
});

/** @param expand fields that are left out unless they are named */
export function toHubModel(model: Model, expand: readonly string[]): z.infer<typeof HubModel> {
  const { id, slug, owner, license, downloadsPerMonth, likes, updatedOn, parameters } = model;
  const task = hubTask(model.task);
  const createdAt = publishedAt(model);
  const mapping = { provider: PROVIDER, providerId: slug, status: 'live', task } as const;
  return {
    _id: id,
    id: slug,
    modelId: slug,
    author: owner,
    pipeline_tag: task,
    tags: [task, ...(license === null ? [] : [`${LICENSE}${license}`])],
    ...(downloadsPerMonth === null ? {} : { downloads: downloadsPerMonth }),
    ...(likes === null ? {} : { likes }),
    private: false,
    gated: false,
    createdAt: createdAt.toISOString(),
    lastModified: (updatedOn === null ? createdAt : new Date(updatedOn)).toISOString(),
    ...(parameters === null ? {} : { safetensors: { parameters: {}, total: parameters } }),
    ...(expand.includes('inferenceProviderMapping')
      ? { inferenceProviderMapping: isCallable(model) ? [mapping] : [] }
      : {}),
  };
}

/** @param withSizes as `blobs=true` asks for */
export function toSiblings(files: readonly PublishedFile[], withSizes: boolean) {
  return files.map(({ name, bytes }) => ({
    rfilename: name,
    ...(withSizes ? { size: bytes } : {}),
  }));
}
