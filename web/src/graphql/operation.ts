/** A GraphQL operation with the types of its result and variables. */
export interface Operation<Result, Variables> {
  readonly text: string;
  /** Never set: they carry the types. */
  readonly result?: Result;
  readonly variables?: Variables;
}

export interface ExecutionError {
  readonly message: string;
  readonly code: string | undefined;
}

/** What executing an operation gave; `data` is null where everything failed. */
export interface Execution<Result> {
  readonly data: Result | null;
  readonly errors: readonly ExecutionError[];
}

/** Executes an operation with the limits of the API. */
export type Execute = <Result, Variables>(
  operation: Operation<Result, Variables>,
  variables: Variables,
) => Promise<Execution<Result>>;
