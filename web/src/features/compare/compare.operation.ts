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

export type ComparePageQueryVariables = Exact<{
  slugs: ReadonlyArray<string>;
}>;


export type ComparePageQuery = { readonly compareModels: { readonly models: ReadonlyArray<{ readonly slug: string, readonly name: string, readonly status: ModelStatus }>, readonly rows: ReadonlyArray<{ readonly label: string, readonly isDifferent: boolean, readonly values: ReadonlyArray<string | null> }> } | null };

export const ComparePage: Operation<ComparePageQuery, ComparePageQueryVariables> = {
  text: "query ComparePage($slugs: [String!]!) {\n  compareModels(slugs: $slugs) {\n    models {\n      slug\n      name\n      status\n    }\n    rows {\n      label\n      isDifferent\n      values\n    }\n  }\n}",
};
