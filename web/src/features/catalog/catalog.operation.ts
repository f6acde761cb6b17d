// Written by `npm run operations -w web`. Do not edit.
import type { Operation } from '../../graphql/operation.js';

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** An inclusive range of integers. */
type IntRange = {
  /** Upper bound, inclusive; omit for none. */
  readonly max?: number | null | undefined;
  /** Lower bound, inclusive; omit for none. */
  readonly min?: number | null | undefined;
};

/** Conditions that models must all meet. Omitted fields are ignored. */
type ModelFilter = {
  /** Whether the model must have a price in effect. */
  readonly hasPrice?: boolean | null | undefined;
  /** License identifiers of which a model must have one, such as "apache-2.0". */
  readonly licenses?: ReadonlyArray<string> | null | undefined;
  /** Owners of which a model must have one, such as "timm". */
  readonly owners?: ReadonlyArray<string> | null | undefined;
  /** Range of the number of parameters. Models with an unknown number are excluded. */
  readonly parameters?: IntRange | null | undefined;
  /** Search terms, at most 100 characters. Each must occur in the name, slug or summary; typos are tolerated. */
  readonly search?: string | null | undefined;
  /** Statuses of which a model must have one; by default all except PROPOSED and RETIRED. */
  readonly statuses?: ReadonlyArray<ModelStatus> | null | undefined;
  /** Tasks of which a model must have one. */
  readonly tasks?: ReadonlyArray<ModelTask> | null | undefined;
};

/** Sort order of a list of models. */
type ModelOrder = {
  /** Sort direction; by default the one that suits the field. */
  readonly direction?: OrderDirection | null | undefined;
  /** Field to sort by. */
  readonly field: ModelOrderField;
};

/** Field by which models are sorted. Models without a value come last. */
type ModelOrderField =
  /** Number of requests for the model; highest first by default. */
  | 'DEMAND'
  /** Monthly downloads; highest first by default. */
  | 'DOWNLOADS'
  /** Display name; A to Z by default. */
  | 'NAME'
  /** Publication date; newest first by default. */
  | 'NEWEST'
  /** Number of parameters; largest first by default. */
  | 'PARAMETERS'
  /** Current price per image; cheapest first by default. */
  | 'PRICE'
  /** Relevance to the search; best match first. Requires `search`. */
  | 'RELEVANCE';

/** Stage of a model’s life cycle on this platform. */
type ModelStatus =
  /** Announced and open for requests; cannot be called yet. */
  | 'COMING_SOON'
  /** Temporarily unavailable: no provider serves the model with its reference scores. Recovers automatically. */
  | 'DEGRADED'
  /** Can be called, but will be retired. */
  | 'DEPRECATED'
  /** Can be called. Its reference scores have been verified on this platform. */
  | 'LIVE'
  /** Requested but not yet announced. */
  | 'PROPOSED'
  /** Can no longer be called. Its page remains. */
  | 'RETIRED';

/** Task that a model performs. */
type ModelTask =
  /** Computes an embedding vector for a text. */
  | 'FEATURE_EXTRACTION'
  /** Scores an image against the labels the model was trained on. */
  | 'IMAGE_CLASSIFICATION'
  /** Computes an embedding vector for an image. */
  | 'IMAGE_FEATURE_EXTRACTION'
  /** Scores an image against labels given in the call. */
  | 'ZERO_SHOT_IMAGE_CLASSIFICATION';

/** Sort direction of a list. */
type OrderDirection =
  /** Ascending: smallest, oldest or A first. */
  | 'ASC'
  /** Descending: largest, newest or Z first. */
  | 'DESC';

/** Unit in which usage is priced. */
type PriceUnit =
  /** One embedding vector of an image or a text. */
  | 'EMBEDDING'
  /** One classified image. */
  | 'IMAGE'
  /** One encoded label text. */
  | 'LABEL_TEXT';

export type CatalogPageQueryVariables = Exact<{
  filter?: ModelFilter | null | undefined;
  orderBy?: ModelOrder | null | undefined;
  after?: string | null | undefined;
}>;


export type CatalogPageQuery = { readonly models: { readonly totalCount: number, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null }, readonly nodes: ReadonlyArray<{ readonly slug: string, readonly name: string, readonly status: ModelStatus, readonly summary: string, readonly parameters: number | null, readonly downloadsPerMonth: number | null, readonly demand: { readonly requests: number }, readonly prices: ReadonlyArray<{ readonly unit: PriceUnit, readonly nanosPerUnit: string }> }> } | null };

export const CatalogPage: Operation<CatalogPageQuery, CatalogPageQueryVariables> = {
  text: "query CatalogPage($filter: ModelFilter, $orderBy: ModelOrder, $after: String) {\n  models(first: 20, filter: $filter, orderBy: $orderBy, after: $after) {\n    totalCount\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    nodes {\n      slug\n      name\n      status\n      summary\n      parameters\n      downloadsPerMonth\n      demand {\n        requests\n      }\n      prices {\n        unit\n        nanosPerUnit\n      }\n    }\n  }\n}",
};
