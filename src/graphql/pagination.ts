import { Arg, Field, Int, ObjectType } from 'type-graphql';
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

/** The argument `first` of a list, for `checkPageSize`. */
export function FirstArg(): ReturnType<typeof Arg> {
  return Arg('first', () => Int, {
    defaultValue: PAGE_SIZE_DEFAULT,
    description: 'Rows of the page, 1 to 100.',
  });
}

/** The argument `after` of a list. */
export function AfterArg(): ReturnType<typeof Arg> {
  return Arg('after', () => String, {
    nullable: true,
    description: 'Cursor of the row before the page.',
  });
}

/** A page as a Relay connection. @param after the cursor that it was asked for with */
export function connectionOf<Edge extends { readonly cursor: string }>(
  edges: readonly Edge[],
  { hasNextPage, after }: { hasNextPage: boolean; after: string | null | undefined },
) {
  return {
    edges,
    pageInfo: {
      hasNextPage,
      hasPreviousPage: typeof after === 'string',
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
