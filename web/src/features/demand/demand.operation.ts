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

export type DemandPageQueryVariables = Exact<{
  after?: string | null | undefined;
}>;


export type DemandPageQuery = { readonly models: { readonly totalCount: number, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null }, readonly nodes: ReadonlyArray<{ readonly slug: string, readonly name: string, readonly demand: { readonly rank: number | null, readonly requests: number, readonly lastWeek: number, readonly weekly: ReadonlyArray<number>, readonly stage: DemandStage, readonly expectedOn: string | null } }> } | null };

export const DemandPage: Operation<DemandPageQuery, DemandPageQueryVariables> = {
  text: "query DemandPage($after: String) {\n  models(\n    first: 50\n    after: $after\n    filter: {statuses: [COMING_SOON]}\n    orderBy: {field: DEMAND}\n  ) {\n    totalCount\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n    nodes {\n      slug\n      name\n      demand {\n        rank\n        requests\n        lastWeek\n        weekly\n        stage\n        expectedOn\n      }\n    }\n  }\n}",
};
