// Written by `npm run operations -w web`. Do not edit.
import type { Operation } from '../../graphql/operation.js';

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
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

export type CatalogFacetsQueryVariables = Exact<{ [key: string]: never; }>;


export type CatalogFacetsQuery = { readonly tasks: ReadonlyArray<{ readonly task: ModelTask, readonly name: string, readonly modelCount: number }> | null, readonly models: { readonly nodes: ReadonlyArray<{ readonly owner: string, readonly license: string | null }> } | null };

export const CatalogFacets: Operation<CatalogFacetsQuery, CatalogFacetsQueryVariables> = {
  text: "query CatalogFacets {\n  tasks {\n    task\n    name\n    modelCount\n  }\n  models(first: 100) {\n    nodes {\n      owner\n      license\n    }\n  }\n}",
};
