import type { ModelId, PriceVersionId } from '../platform/ids.js';

export const MODEL_STATUSES = {
  PROPOSED: 'PROPOSED',
  COMING_SOON: 'COMING_SOON',
  LIVE: 'LIVE',
  DEGRADED: 'DEGRADED',
  DEPRECATED: 'DEPRECATED',
  RETIRED: 'RETIRED',
} as const;
export type ModelStatus = keyof typeof MODEL_STATUSES;

export const MODEL_TASKS = {
  ZERO_SHOT_IMAGE_CLASSIFICATION: 'ZERO_SHOT_IMAGE_CLASSIFICATION',
  IMAGE_CLASSIFICATION: 'IMAGE_CLASSIFICATION',
  IMAGE_FEATURE_EXTRACTION: 'IMAGE_FEATURE_EXTRACTION',
  FEATURE_EXTRACTION: 'FEATURE_EXTRACTION',
} as const;
export type ModelTask = keyof typeof MODEL_TASKS;

export const PRICE_UNITS = {
  IMAGE: 'IMAGE',
  LABEL_TEXT: 'LABEL_TEXT',
  EMBEDDING: 'EMBEDDING',
} as const;
export type PriceUnit = keyof typeof PRICE_UNITS;

/** The most that a unit may cost. */
export const PRICE_NANOS_MAX = 10n ** 15n - 1n;

/** What one unit costs from `effectiveFrom` until the next version of the same unit. */
export interface PriceVersion {
  readonly id: PriceVersionId;
  readonly unit: PriceUnit;
  /** Nano-USD, 0 or more. */
  readonly nanosPerUnit: bigint;
  readonly effectiveFrom: Date;
  /** Another version begins at the same moment, and counts instead. */
  readonly withdrawn: boolean;
}

export interface Spec {
  readonly label: string;
  readonly value: string;
}

export interface FaqEntry {
  readonly question: string;
  readonly answer: string;
}

export interface Snippet {
  readonly title: string;
  readonly language: string;
  readonly code: string;
}

/** The long parts of a model's page. */
export interface ModelDetails {
  /** Markdown. */
  readonly about: string | null;
  readonly specs: readonly Spec[];
  readonly bestFor: readonly string[];
  readonly faq: readonly FaqEntry[];
  readonly snippets: readonly Snippet[];
}

/** One model of the catalog. A fact that nobody is sure of is null. */
export interface Model {
  readonly id: ModelId;
  /** `owner/name`. */
  readonly slug: string;
  /** What its files and graphs are named by: the slug that it had before it was first renamed. */
  readonly servedAs: string;
  readonly name: string;
  readonly owner: string;
  readonly task: ModelTask;
  readonly status: ModelStatus;
  readonly statusChangedAt: Date;
  readonly summary: string;
  /** ISO 8601 to the precision that is known: 2023, 2023-10 or 2023-10-17. */
  readonly publishedOn: string | null;
  readonly updatedOn: string | null;
  readonly downloadsPerMonth: number | null;
  /** On the Hugging Face Hub. */
  readonly likes: number | null;
  readonly apiProviders: number;
  readonly license: string | null;
  /** Total parameters of the towers that a call runs. */
  readonly parameters: number | null;
  /** Side of the square that the image tower reads. */
  readonly imageSizePx: number | null;
  readonly patchSizePx: number | null;
  /** Present where the reader asked for the part. */
  readonly details?: ModelDetails;
  readonly aliases?: readonly string[];
  /** In force when they were read, in the order of the units. */
  readonly prices?: readonly PriceVersion[];
}

/** The parts of a model that cost extra to read. */
export const MODEL_PARTS = ['details', 'aliases', 'prices'] as const;
export type ModelPart = (typeof MODEL_PARTS)[number];

/** The task in words, as the Hugging Face Hub writes it. */
export function taskName(task: ModelTask): string {
  const words = task.toLowerCase().replaceAll('_', ' ').replace('zero shot', 'zero-shot');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** 878000000 → "878M", 2540000000 → "2.54B": three significant digits. */
export function shortCount(count: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(
    count,
  );
}

/** Where a model stands in its life. */
export type ModelStanding = Pick<Model, 'id' | 'slug' | 'name' | 'status' | 'statusChangedAt'>;
