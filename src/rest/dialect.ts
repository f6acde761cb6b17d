import type { z } from 'zod';
import type { AppError } from '../errors.js';
import type { RateState } from '../usage/index.js';

export interface RenderedError {
  readonly status: number;
  readonly body: object;
  /** By default `application/json; charset=utf-8`. */
  readonly contentType?: string;
}

/** What a family of clients expects of an answer, whatever it is about. */
export interface Dialect {
  readonly name: string;
  /** An error as these clients read it. */
  readonly renderError: (error: AppError, requestId: string) => RenderedError;
  /** Shape of the bodies that `renderError` makes. */
  readonly errorBody: z.ZodType;
  /** Where a caller stands with its rate of calls, besides the standard headers. */
  readonly rateHeaders?: (state: RateState) => Readonly<Record<string, string>>;
  /** How long a call waits for a model that warms up when its caller does not say; by default not at all. */
  readonly waitS?: number;
}
