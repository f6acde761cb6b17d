// Written by `npm run operations -w web`. Do not edit.
import type { Operation } from '../../graphql/operation.js';

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** Stage of a model on its way to launch. */
type DemandStage =
  /** Being evaluated for speed, cost and agreement with the reference. */
  | 'BENCHMARKING'
  /** Live; can be called. */
  | 'LIVE'
  /** Being deployed. The first requesters may get early access. */
  | 'ONBOARDING'
  /** Requested by users. */
  | 'REQUESTED';

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

/** Unit in which usage is priced. */
type PriceUnit =
  /** One embedding vector of an image or a text. */
  | 'EMBEDDING'
  /** One classified image. */
  | 'IMAGE'
  /** One encoded label text. */
  | 'LABEL_TEXT';

export type ModelPageQueryVariables = Exact<{
  slug: string;
}>;


export type ModelPageQuery = { readonly model: { readonly slug: string, readonly name: string, readonly owner: string, readonly task: ModelTask, readonly status: ModelStatus, readonly summary: string, readonly publishedOn: string | null, readonly updatedOn: string | null, readonly downloadsPerMonth: number | null, readonly apiProviders: number, readonly license: string | null, readonly about: string | null, readonly bestFor: ReadonlyArray<string>, readonly specs: ReadonlyArray<{ readonly label: string, readonly value: string }>, readonly faq: ReadonlyArray<{ readonly question: string, readonly answer: string }>, readonly snippets: ReadonlyArray<{ readonly title: string, readonly language: string, readonly code: string }>, readonly prices: ReadonlyArray<{ readonly unit: PriceUnit, readonly nanosPerUnit: string }>, readonly demand: { readonly requests: number, readonly rank: number | null, readonly stage: DemandStage, readonly expectedOn: string | null, readonly weekly: ReadonlyArray<number> }, readonly performance: { readonly lastDay: { readonly availability: number | null, readonly latencyMs: { readonly p50: number | null, readonly p95: number | null } } }, readonly relatedModels: ReadonlyArray<{ readonly slug: string, readonly name: string, readonly status: ModelStatus, readonly summary: string, readonly parameters: number | null }> } | null };

export const ModelPage: Operation<ModelPageQuery, ModelPageQueryVariables> = {
  text: "query ModelPage($slug: String!) {\n  model(slug: $slug) {\n    slug\n    name\n    owner\n    task\n    status\n    summary\n    publishedOn\n    updatedOn\n    downloadsPerMonth\n    apiProviders\n    license\n    about\n    specs {\n      label\n      value\n    }\n    bestFor\n    faq {\n      question\n      answer\n    }\n    snippets {\n      title\n      language\n      code\n    }\n    prices {\n      unit\n      nanosPerUnit\n    }\n    demand {\n      requests\n      rank\n      stage\n      expectedOn\n      weekly\n    }\n    performance {\n      lastDay {\n        availability\n        latencyMs {\n          p50\n          p95\n        }\n      }\n    }\n    relatedModels(first: 6) {\n      slug\n      name\n      status\n      summary\n      parameters\n    }\n  }\n}",
};
