import { AppError } from '../errors.js';
import type { Direction } from '../platform/order.js';
import type { ModelStatus, ModelTask } from './model.js';

/** Which models a list holds. Every list of values matches any of them; what is left out does not matter. */
export interface ModelFilter {
  /** Words that each have to occur, give or take a typo, in name, slug or summary. */
  readonly search?: string | undefined;
  readonly tasks?: readonly ModelTask[] | undefined;
  /** Left out: every status but PROPOSED and RETIRED. */
  readonly statuses?: readonly ModelStatus[] | undefined;
  readonly licenses?: readonly string[] | undefined;
  readonly owners?: readonly string[] | undefined;
  readonly parametersMin?: number | undefined;
  readonly parametersMax?: number | undefined;
  readonly hasPrice?: boolean | undefined;
}

export const MODEL_ORDER_FIELDS = {
  DOWNLOADS: 'DOWNLOADS',
  NEWEST: 'NEWEST',
  NAME: 'NAME',
  PARAMETERS: 'PARAMETERS',
  PRICE: 'PRICE',
  DEMAND: 'DEMAND',
  RELEVANCE: 'RELEVANCE',
} as const;
export type ModelOrderField = keyof typeof MODEL_ORDER_FIELDS;

export type { Direction };

/** Rows without a value come last in either direction; rows with equal values stand in the order of their ids. */
export interface ModelOrder {
  readonly field: ModelOrderField;
  readonly direction: Direction;
}

/** The direction that a reader of a list expects when none is given. */
export const NATURAL_DIRECTION: Readonly<Record<ModelOrderField, Direction>> = {
  DOWNLOADS: 'DESC',
  NEWEST: 'DESC',
  NAME: 'ASC',
  PARAMETERS: 'DESC',
  PRICE: 'ASC',
  DEMAND: 'DESC',
  RELEVANCE: 'DESC',
};

/** At most eight words of a search count; a longer text is refused. */
const SEARCH_LENGTH_MAX = 100;
const SEARCH_WORDS_MAX = 8;

/**
 * The words of a search, in lower case, each once.
 * @throws AppError BAD_USER_INPUT for more than 100 characters.
 */
export function searchWords(search: string): string[] {
  if (search.length > SEARCH_LENGTH_MAX) {
    throw new AppError(
      'BAD_USER_INPUT',
      `\`filter.search\` must have at most ${String(SEARCH_LENGTH_MAX)} characters.`,
      {
        details: { argument: 'filter.search' },
      },
    );
  }
  const words = search.toLowerCase().match(/[\p{L}\p{N}.-]+/gu) ?? [];
  return [...new Set(words)].slice(0, SEARCH_WORDS_MAX);
}
