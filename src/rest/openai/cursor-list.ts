import { z } from 'zod';

/** An id, after which a page begins. */
export const Cursor = z.string().regex(/^\w{1,64}$/, 'is an id');

/** A page of objects with ids, as OpenAI's clients walk through them: the next one begins after the last id. */
export function cursorListOf<One extends z.ZodType>(one: One) {
  return z.object({
    object: z.literal('list'),
    data: z.array(one),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  });
}

/** @param rows one more than `limit`, when there are more */
export function toCursorList(rows: readonly { readonly id: string }[], limit: number): object {
  const data = rows.slice(0, limit);
  return {
    object: 'list',
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: rows.length > limit,
  };
}

/** Whole seconds since 1970. */
export function toSeconds(at: Date): number {
  return Math.floor(at.getTime() / 1_000);
}
