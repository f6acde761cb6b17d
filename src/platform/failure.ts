/** The fields by which pg, Node and Prisma tell what happened. */
export interface Failure {
  code?: unknown;
  originalCode?: unknown;
  kind?: unknown;
  message?: unknown;
  cause?: unknown;
  errors?: unknown;
  meta?: { driverAdapterError?: unknown };
}

/** Whether an error, or one that it wraps, is such a failure. */
export function anyCause(error: unknown, isIt: (failure: Failure) => boolean): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const failure = error as Failure;
  const inner = [
    failure.cause,
    failure.meta?.driverAdapterError,
    ...(Array.isArray(failure.errors) ? (failure.errors as unknown[]) : []),
  ];
  return isIt(failure) || inner.some((one) => anyCause(one, isIt));
}
