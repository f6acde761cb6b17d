import { AsyncLocalStorage } from 'node:async_hooks';

/** What is known about the request in hand; filled as it passes through, read by errors and the log. */
export interface RequestContext {
  readonly requestId: string;
  /** GraphQL root field, once the document is understood. */
  operation?: string;
  /** Code of the first error that the answer carries. */
  code?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `next`, and all that it awaits, inside the context. */
export function runWithContext(context: RequestContext, next: () => void): void {
  storage.run(context, next);
}

/** The context of the request in hand; undefined outside of one. */
export function requestContext(): RequestContext | undefined {
  return storage.getStore();
}
