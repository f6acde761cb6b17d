import type { EmbedResult, ImageSource, Metered } from '../inference/index.js';
import type { PaidCalls } from './paid-calls.js';

/** What a model makes a vector of. */
export type Embeddable = { readonly image: ImageSource } | { readonly text: string };

interface EmbedRequest {
  /** Slug. */
  readonly model: string;
  /** At least one; at most 64 images and 2,048 texts. */
  readonly inputs: readonly Embeddable[];
  /** As of `EmbedCall`. */
  readonly dimensions?: number | undefined;
}

/**
 * Vectors of images and texts, mixed as they are given and in their order, by one metered call.
 * @throws AppError as `PaidCalls.embed`
 */
export async function embedInOrder<Caller>(
  calls: Pick<PaidCalls<Caller>, 'embed'>,
  call: Caller,
  { model, inputs, dimensions }: EmbedRequest,
): Promise<Metered<EmbedResult>> {
  const images = inputs.flatMap((one) => ('image' in one ? [one.image] : []));
  const texts = inputs.flatMap((one) => ('text' in one ? [one.text] : []));
  const metered = await calls.embed(call, {
    model,
    ...(images.length === 0 ? {} : { images }),
    ...(texts.length === 0 ? {} : { texts }),
    dimensions,
  });
  const { vectors, cached } = metered.result;
  let imagesSeen = 0;
  let textsSeen = 0;
  const inOrder = inputs.map((one) => {
    const at = 'image' in one ? imagesSeen++ : images.length + textsSeen++;
    return vectors[at] ?? [];
  });
  return { ...metered, result: { vectors: inOrder, cached } };
}

/** How alike two vectors of length 1 are, −1 to 1. @throws RangeError when they are of two models */
export function cosine(one: readonly number[], other: readonly number[]): number {
  if (one.length !== other.length) throw new RangeError('The vectors differ in size.');
  return one.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
}
