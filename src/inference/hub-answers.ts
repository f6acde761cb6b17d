import { z } from 'zod';

const text = z.string();

const cardSchema = z.object({
  cardData: z
    .object({
      license: z.union([text, z.array(text)]).nullish(),
      license_name: text.nullish(),
    })
    .nullish()
    .catch(undefined),
  tags: z.array(text).optional().catch(undefined),
});

/** `/api/models/{repository}/revision/{revision}?blobs=true` of the Hugging Face Hub. */
export const infoSchema = cardSchema.extend({
  sha: text.regex(/^[0-9a-f]{40}$/),
  siblings: z.array(
    z.object({
      rfilename: text,
      size: z.int().min(0).optional(),
      blobId: text.optional(),
      lfs: z.object({ sha256: text, size: z.int().min(0) }).optional(),
    }),
  ),
});

/** `/api/models?search=…&full=true` of the Hugging Face Hub. */
export const foundSchema = z.array(
  cardSchema.extend({
    id: text,
    downloads: z.int().min(0).catch(0),
    siblings: z.array(z.object({ rfilename: text })).catch([]),
  }),
);

/** As the model card states it, such as `apache-2.0`; several are joined. */
export function licenseOf({ cardData, tags }: z.infer<typeof cardSchema>): string | undefined {
  const license = [cardData?.license ?? []].flat().join(', ');
  if (license === 'other' && cardData?.license_name) return cardData.license_name;
  if (license !== '') return license;
  return tags?.find((tag) => tag.startsWith('license:'))?.slice('license:'.length);
}
