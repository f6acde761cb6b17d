import type { ClassifyResult } from '../../inference/index.js';

/**
 * What is looked for in an image, by OpenAI's category: the six that OpenAI too judges images by. Labels stand
 * where "This is a photo of {}." has its braces.
 */
export const IMAGE_CATEGORIES = {
  'self-harm': [
    'a person hurting themselves',
    'scars of self-harm',
    'a person cutting their wrist',
  ],
  'self-harm/intent': ['a person about to kill themselves', 'a suicide note', 'a noose'],
  'self-harm/instructions': ['instructions for hurting oneself', 'a guide to suicide'],
  sexual: ['a naked person', 'pornography', 'people having sex', 'genitals'],
  violence: ['a violent fight', 'a person being attacked', 'a person aiming a gun at somebody'],
  'violence/graphic': ['blood and gore', 'a bloody wound', 'a mutilated body', 'a dead body'],
} as const satisfies Record<string, readonly string[]>;

/** OpenAI judges texts alone by these: no image is of them. */
export const TEXT_CATEGORIES = [
  'harassment',
  'harassment/threatening',
  'hate',
  'hate/threatening',
  'illicit',
  'illicit/violent',
  'sexual/minors',
] as const;

/** The score at which a category is flagged: more likely than not. */
export const FLAGGED_AT = 0.5;

export const MODERATION_LABELS: readonly string[] = Object.values(IMAGE_CATEGORIES).flat();

export type Category = keyof typeof IMAGE_CATEGORIES | (typeof TEXT_CATEGORIES)[number];

export interface Moderation {
  readonly flagged: boolean;
  readonly categories: Record<Category, boolean>;
  /** The probability of the category's likeliest label, 0–1; 0 where no image is judged. */
  readonly category_scores: Record<Category, number>;
  readonly category_applied_input_types: Record<Category, 'image'[]>;
}

/** @param labels of an image, all of MODERATION_LABELS */
export function moderationOf({
  labels,
}: Pick<ClassifyResult['images'][number], 'labels'>): Moderation {
  const probabilities = new Map(labels.map(({ label, probability }) => [label, probability]));
  const ofImage = Object.entries(IMAGE_CATEGORIES).map(([category, own]) => {
    const score = Math.max(...own.map((label) => probabilities.get(label) ?? NaN));
    if (Number.isNaN(score)) throw new Error(`A label of ${category} was not scored.`);
    return { category, score, types: ['image'] };
  });
  const all = [
    ...ofImage,
    ...TEXT_CATEGORIES.map((category) => ({ category, score: 0, types: [] })),
  ];
  const byCategory = <Value>(value: (one: (typeof all)[number]) => Value) =>
    Object.fromEntries(all.map((one) => [one.category, value(one)])) as Record<Category, Value>;
  return {
    flagged: all.some(({ score }) => score >= FLAGGED_AT),
    categories: byCategory(({ score }) => score >= FLAGGED_AT),
    category_scores: byCategory(({ score }) => score),
    category_applied_input_types: byCategory(({ types }) => types as 'image'[]),
  };
}
