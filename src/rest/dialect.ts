import type { AppError } from '../errors.js';
import type { RateState } from '../usage/index.js';

/** What a family of clients expects of an answer, whatever it is about. */
export interface Dialect {
  readonly name: string;
  /** An error as these clients read it. */
  readonly renderError: (
    error: AppError,
    requestId: string,
  ) => { readonly status: number; readonly body: object };
  /** Where a caller stands with its rate of calls, besides the standard headers. */
  readonly rateHeaders?: (state: RateState) => Readonly<Record<string, string>>;
  /** How long a call waits for a model that warms up when its caller does not say; by default not at all. */
  readonly waitS?: number;
}
