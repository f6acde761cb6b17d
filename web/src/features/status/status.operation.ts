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

export type StatusPageQueryVariables = Exact<{ [key: string]: never; }>;


export type StatusPageQuery = { readonly models: { readonly totalCount: number, readonly nodes: ReadonlyArray<{ readonly slug: string, readonly name: string, readonly status: ModelStatus, readonly statusChangedAt: string, readonly performance: { readonly lastHour: { readonly availability: number | null, readonly latencyMs: { readonly p50: number | null, readonly p95: number | null } }, readonly lastDay: { readonly availability: number | null, readonly latencyMs: { readonly p50: number | null, readonly p95: number | null } }, readonly last30Days: { readonly availability: number | null, readonly latencyMs: { readonly p50: number | null, readonly p95: number | null } } } }> } | null };

type WindowFragment = { readonly availability: number | null, readonly latencyMs: { readonly p50: number | null, readonly p95: number | null } };

export const StatusPage: Operation<StatusPageQuery, StatusPageQueryVariables> = {
  text: "query StatusPage {\n  models(\n    first: 50\n    filter: {statuses: [LIVE, DEGRADED, DEPRECATED]}\n    orderBy: {field: NAME}\n  ) {\n    totalCount\n    nodes {\n      slug\n      name\n      status\n      statusChangedAt\n      performance {\n        lastHour {\n          ...Window\n        }\n        lastDay {\n          ...Window\n        }\n        last30Days {\n          ...Window\n        }\n      }\n    }\n  }\n}\n\nfragment Window on ServiceWindow {\n  availability\n  latencyMs {\n    p50\n    p95\n  }\n}",
};
