// Written by `npm run operations -w web`. Do not edit.
import type { Operation } from '../../graphql/operation.js';

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type RequestModelFromPageMutationVariables = Exact<{
  slug?: string | null | undefined;
  huggingFaceUrl?: string | null | undefined;
  useCase?: string | null | undefined;
  isContactAllowed: boolean;
}>;


export type RequestModelFromPageMutation = { readonly requestModel: { readonly modelRequest: { readonly place: number } | null, readonly userErrors: ReadonlyArray<{ readonly message: string }> } | null };

export const RequestModelFromPage: Operation<RequestModelFromPageMutation, RequestModelFromPageMutationVariables> = {
  text: "mutation RequestModelFromPage($slug: String, $huggingFaceUrl: String, $useCase: String, $isContactAllowed: Boolean!) {\n  requestModel(\n    input: {slug: $slug, huggingFaceUrl: $huggingFaceUrl, useCase: $useCase, isContactAllowed: $isContactAllowed}\n  ) {\n    modelRequest {\n      place\n    }\n    userErrors {\n      message\n    }\n  }\n}",
};
