import type { Variant } from '../siglip/index.js';

export type Tower = 'image' | 'text';

/**
 * The name under which a graph is served: a model of the Open Inference Protocol. Its slug comes first,
 * with `--` for the slash, which a path could not hold: `timm--ViT-SO400M-14-SigLIP-384.fp32.image`.
 */
export function graphName(slug: string, variant: Variant, tower: Tower): string {
  return `${slug.replace('/', '--')}.${variant}.${tower}`;
}
