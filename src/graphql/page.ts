import { Field, ObjectType } from 'type-graphql';
import { AppError } from '../errors.js';

export const PAGE_SIZE_MAX = 100;
export const PAGE_SIZE_DEFAULT = 20;

/** @throws AppError BAD_USER_INPUT unless 1 ≤ first ≤ 100. */
export function checkPageSize(first: number): number {
  if (first >= 1 && first <= PAGE_SIZE_MAX) return first;
  throw new AppError('BAD_USER_INPUT', `first must be between 1 and ${String(PAGE_SIZE_MAX)}.`, {
    details: { argument: 'first' },
  });
}

@ObjectType('PageInfo', { description: 'Where a page lies in its list (Relay).' })
export class PageInfoType {
  @Field(() => Boolean, { description: 'More rows follow the last one of this page.' })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, {
    description: 'The page was asked for with a cursor, so rows come before it.',
  })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the first row; null on an empty page.',
  })
  readonly startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the last row, for the `after` of the next page; null on an empty page.',
  })
  readonly endCursor!: string | null;
}
