import { AppError } from '../errors.js';

/* What the tokenizers made of byte pairs have in common in `tokenizer.json`. */

const PIECES_MAX = 2 ** 20;

/** A pair as a list, or as one text with a space between. */
export type Merge = string | readonly [string, string];

export type Vocabulary = Readonly<Record<string, number>>;

export function isVocabulary(value: unknown): value is Vocabulary {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const ids: unknown[] = Object.values(value);
  return ids.length <= PIECES_MAX && ids.every(isId);
}

function isId(id: unknown): boolean {
  return Number.isInteger(id) && Number(id) >= 0 && Number(id) < PIECES_MAX;
}

export function isMerges(value: unknown): value is readonly Merge[] {
  return Array.isArray(value) && value.length <= 2 * PIECES_MAX && value.every(isMerge);
}

function isMerge(merge: unknown): boolean {
  if (typeof merge === 'string') return true;
  return (
    Array.isArray(merge) && merge.length === 2 && merge.every((one) => typeof one === 'string')
  );
}

/** @throws AppError BAD_USER_INPUT for a merge of what the vocabulary lacks */
export function* mergesOf(merges: readonly Merge[], vocabulary: ReadonlyMap<string, number>) {
  for (const merge of merges) {
    const [left = '', right = ''] = typeof merge === 'string' ? merge.split(' ') : merge;
    const [leftId, rightId, id] = [left, right, left + right].map((one) => vocabulary.get(one));
    if (leftId === undefined || rightId === undefined || id === undefined) {
      throw new AppError(
        'BAD_USER_INPUT',
        `tokenizer.json: it merges "${left}" and "${right}", which its vocabulary lacks.`,
      );
    }
    yield { left: leftId, right: rightId, id };
  }
}
