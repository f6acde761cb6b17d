import { z } from 'zod';

export const TextPart = z.object({ type: z.literal('text'), text: z.string() });

/** With the address alone: some clients leave the object around it out. */
export const ImagePart = z.object({
  type: z.literal('image_url'),
  image_url: z
    .union([z.string(), z.object({ url: z.string() })])
    .transform((image) => (typeof image === 'string' ? image : image.url))
    .meta({
      description: 'A data: URL, an https: address, or the id of a file; `detail` does nothing',
    }),
});
