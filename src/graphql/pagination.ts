import { Arg, Field, Int, ObjectType } from 'type-graphql';
import { AppError } from '../errors.js';

export const PAGE_SIZE_MAX = 100;
export const PAGE_SIZE_DEFAULT = 20;

/** @throws AppError BAD_USER_INPUT unless 1 ≤ first ≤ 100. */
export function checkPageSize(first: number): number {
  if (first >= 1 && first <= PAGE_SIZE_MAX) return first;
  throw new AppError(
    'BAD_USER_INPUT',
    `\`first\` must be between 1 and ${String(PAGE_SIZE_MAX)}.`,
    {
      details: { argument: 'first' },
    },
  );
}

@ObjectType('PageInfo', { description: 'Information about pagination in a connection.' })
export class PageInfoType {
  @Field(() => Boolean, { description: 'Whether there are more items after this page.' })
  readonly hasNextPage!: boolean;

  @Field(() => Boolean, {
    description:
      'Whether there are items before this page; true if the page was requested with `after`.',
  })
  readonly hasPreviousPage!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor of the first item; null if the page is empty.',
  })
  readonly startCursor!: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Cursor of the last item; pass as `after` for the next page. Null if the page is empty.',
  })
  readonly endCursor!: string | null;
}

/** The argument `first` of a list, for `checkPageSize`. */
export function FirstArg(): ReturnType<typeof Arg> {
  return Arg('first', () => Int, {
    defaultValue: PAGE_SIZE_DEFAULT,
    description: 'Number of items to return, 1 to 100.',
  });
}

/** The argument `after` of a list. */
export function AfterArg(): ReturnType<typeof Arg> {
  return Arg('after', () => String, {
    nullable: true,
    description: 'Cursor of the item to start after.',
  });
}

/** A page as a Relay connection. @param after the cursor that it was asked for with */
export function connectionOf<Edge extends { readonly cursor: string; readonly node: unknown }>(
  edges: readonly Edge[],
  { hasNextPage, after }: { hasNextPage: boolean; after: string | null | undefined },
) {
  return {
    edges,
    nodes: edges.map(({ node }): Edge['node'] => node),
    pageInfo: {
      hasNextPage,
      hasPreviousPage: typeof after === 'string',
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}
