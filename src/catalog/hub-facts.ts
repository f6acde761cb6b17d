import { z } from 'zod';
import { catalogFile } from './catalog-file.js';

/** What the Hugging Face Hub says of a model; null: nothing, or nothing that could be one. */
export interface HubFacts {
  readonly downloadsPerMonth: number | null;
  readonly likes: number | null;
  readonly license: string | null;
  /** YYYY-MM-DD. */
  readonly updatedOn: string | null;
}

const HUB_FACT_NAMES = [
  'downloadsPerMonth',
  'likes',
  'license',
  'updatedOn',
] as const satisfies readonly (keyof HubFacts)[];

const LICENSE_TAG = 'license:';

const count = z.int().min(0).max(2_000_000_000);
/** Each field by itself: one of another type says nothing of the others. */
const answer = z.object({
  downloads: count.nullable().catch(null).default(null),
  likes: count.nullable().catch(null).default(null),
  lastModified: z.iso.datetime({ offset: true }).nullable().catch(null).default(null),
  tags: z.array(z.unknown()).catch([]).default([]),
  cardData: z.object({ license: z.unknown() }).nullish().catch(null),
});

/**
 * @param json of `GET /api/models/<slug>`
 * @returns undefined when it is no answer about a model at all
 */
export function toHubFacts(json: unknown): HubFacts | undefined {
  const parsed = answer.safeParse(json);
  if (!parsed.success) return undefined;
  const { downloads, likes, lastModified, tags, cardData } = parsed.data;
  const facts = {
    downloadsPerMonth: downloads,
    likes,
    license: licenseOf(cardData?.license, tags),
    updatedOn: lastModified === null ? null : new Date(lastModified).toISOString().slice(0, 10),
  };
  return Object.values(facts).every((fact) => fact === null) ? undefined : facts;
}

function licenseOf(card: unknown, tags: readonly unknown[]): string | null {
  const tagged = tags.find(
    (tag): tag is string => typeof tag === 'string' && tag.startsWith(LICENSE_TAG),
  );
  for (const license of [card, tagged?.slice(LICENSE_TAG.length)]) {
    const parsed = catalogFile.shape.license.safeParse(license);
    if (parsed.success && parsed.data !== null) return parsed.data;
  }
  return null;
}

/**
 * Which facts of a model follow the Hub: those that are still what they were before an operator could have
 * set them, which is what the Hub said last, else what the catalog's file said, else nothing.
 * @param current the model as it is
 */
export function followHub(
  current: HubFacts,
  before: Partial<HubFacts>,
  now: HubFacts,
): Partial<HubFacts> {
  const followed = HUB_FACT_NAMES.filter(
    (name) => current[name] === (before[name] ?? null) && now[name] !== null,
  );
  return Object.fromEntries(
    followed.filter((name) => current[name] !== now[name]).map((name) => [name, now[name]]),
  );
}
