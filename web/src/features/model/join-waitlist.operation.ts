// Written by `npm run operations -w web`. Do not edit.
import type { Operation } from '../../graphql/operation.js';

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
export type JoinWaitlistFromPageMutationVariables = Exact<{
  slug?: string | null | undefined;
  huggingFaceUrl?: string | null | undefined;
  email: string;
  useCase?: string | null | undefined;
}>;


export type JoinWaitlistFromPageMutation = { readonly joinWaitlist: { readonly userErrors: ReadonlyArray<{ readonly message: string, readonly path: ReadonlyArray<string> | null }> } | null };

export const JoinWaitlistFromPage: Operation<JoinWaitlistFromPageMutation, JoinWaitlistFromPageMutationVariables> = {
  text: "mutation JoinWaitlistFromPage($slug: String, $huggingFaceUrl: String, $email: String!, $useCase: String) {\n  joinWaitlist(\n    input: {slug: $slug, huggingFaceUrl: $huggingFaceUrl, email: $email, useCase: $useCase}\n  ) {\n    userErrors {\n      message\n      path\n    }\n  }\n}",
};
