import type { ReactElement } from 'react';
import type { Execute, Operation } from '../graphql/operation.js';

/** A page to show, or where it is. */
export type View =
  { readonly status: number; readonly page: ReactElement } | { readonly location: string };

/** The API has no answer for a page. */
export class PageError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const STATUSES: Readonly<Record<string, number>> = { BAD_USER_INPUT: 400, NOT_FOUND: 404 };

/** Data of a page. @throws PageError when some of it is missing: half a page would look like an empty one */
export async function load<Result, Variables>(
  execute: Execute,
  operation: Operation<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const { data, errors } = await execute(operation, variables);
  const [error] = errors;
  if (error !== undefined || data === null) {
    throw new PageError(STATUSES[error?.code ?? ''] ?? 503, error?.message ?? 'No answer.');
  }
  return data;
}
