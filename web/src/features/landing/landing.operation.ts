// Written by `npm run operations -w web`. Do not edit.
import type { Operation } from '../../graphql/operation.js';

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
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

/** Unit in which usage is priced. */
type PriceUnit =
  /** One embedding vector of an image or a text. */
  | 'EMBEDDING'
  /** One classified image. */
  | 'IMAGE'
  /** One encoded label text. */
  | 'LABEL_TEXT';

export type LandingPageQueryVariables = Exact<{ [key: string]: never; }>;


export type LandingPageQuery = { readonly live: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly slug: string, readonly name: string, readonly status: ModelStatus, readonly summary: string, readonly prices: ReadonlyArray<{ readonly unit: PriceUnit, readonly nanosPerUnit: string }> }> } | null, readonly wanted: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly slug: string, readonly name: string, readonly demand: { readonly rank: number | null, readonly requests: number, readonly weekly: ReadonlyArray<number>, readonly expectedOn: string | null } }> } | null };

export const LandingPage: Operation<LandingPageQuery, LandingPageQueryVariables> = {
  text: "query LandingPage {\n  live: models(first: 6, filter: {statuses: [LIVE, DEGRADED, DEPRECATED]}) {\n    totalCount\n    nodes {\n      slug\n      name\n      status\n      summary\n      prices {\n        unit\n        nanosPerUnit\n      }\n    }\n  }\n  wanted: models(\n    first: 5\n    filter: {statuses: [COMING_SOON]}\n    orderBy: {field: DEMAND}\n  ) {\n    totalCount\n    nodes {\n      slug\n      name\n      demand {\n        rank\n        requests\n        weekly\n        expectedOn\n      }\n    }\n  }\n}",
};
