import {
  defaultFieldResolver,
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isObjectType,
} from 'graphql';
import { bindCursor, listFingerprint, placeOf } from '../platform/cursor.js';
import { ACCOUNT } from './account.type.js';

interface Edge {
  readonly cursor: string;
}

/** What the resolver of a list returns (pagination.ts). */
interface Connection {
  readonly edges: readonly Edge[];
  readonly pageInfo: { readonly startCursor: string | null; readonly endCursor: string | null };
}

interface ListArgs {
  readonly first?: unknown;
  readonly after?: string | null | undefined;
}

type ListField = GraphQLField<unknown, unknown, ListArgs>;

/**
 * Binds the cursors of each list to the object that it belongs to, to its filter and to its order: a cursor of another
 * account, list, filter or order is refused, and names `after`. Resolvers know only places in their own list.
 */
export function bindCursors(schema: GraphQLSchema): void {
  const types = Object.values(schema.getTypeMap()).filter(isObjectType);
  for (const type of types) {
    for (const field of Object.values(type.getFields())) {
      const names = field.args.map(({ name }) => name);
      const isConnection = getNamedType(field.type).name.endsWith('Connection');
      if (isConnection && names.includes('first') && names.includes('after'))
        bindList(type, field as ListField);
    }
  }
  const account = schema.getType(ACCOUNT);
  if (isObjectType(account)) {
    for (const type of types) bindLooseEdges(type, account);
  }
}

function bindList(type: GraphQLObjectType, field: ListField): void {
  const resolve = field.resolve ?? defaultFieldResolver;
  field.resolve = (source, args, context, info): unknown => {
    const list = fingerprintOf(type, field.name, source, args);
    const after = args.after == null ? args.after : placeOf(list, args.after);
    const page: unknown = resolve(source, { ...args, after }, context, info);
    return page instanceof Promise
      ? page.then((settled: unknown) => bindPage(list, settled))
      : bindPage(list, page);
  };
}

function bindPage(list: string, page: unknown): unknown {
  if (page == null) return page;
  const { edges, pageInfo, ...rest } = page as Connection;
  const bind = (place: string | null) => (place === null ? null : bindCursor(list, place));
  const { startCursor, endCursor } = pageInfo;
  return {
    ...rest,
    edges: edges.map((edge) => ({ ...edge, cursor: bindCursor(list, edge.cursor) })),
    pageInfo: { ...pageInfo, startCursor: bind(startCursor), endCursor: bind(endCursor) },
  };
}

/**
 * An edge outside of a list, as in the payload of a mutation, is one of the list of its `account` without filter, where
 * clients insert it.
 */
function bindLooseEdges(type: GraphQLObjectType, account: GraphQLObjectType): void {
  if (type.name.endsWith('Connection')) return;
  for (const field of Object.values(type.getFields())) {
    const edge = getNamedType(field.type).name;
    if (!edge.endsWith('Edge')) continue;
    const lists = Object.values(account.getFields()).filter(
      (list) => getNamedType(list.type).name === `${edge.slice(0, -'Edge'.length)}Connection`,
    );
    const [list] = lists;
    if (list === undefined || lists.length > 1)
      throw new Error(`${type.name}.${field.name}: no one list of an account has such edges.`);
    const defaults = Object.fromEntries(
      list.args.map(({ name, defaultValue }) => [name, defaultValue]),
    );
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = async (source, args, context, info): Promise<unknown> => {
      const found = (await resolve(source, args, context, info)) as Edge | null | undefined;
      const owner = (source as { readonly account?: unknown }).account;
      if (found == null || owner === undefined) return found;
      const bound = fingerprintOf(account, list.name, owner, defaults);
      return { ...found, cursor: bindCursor(bound, found.cursor) };
    };
  }
}

/** @param source the object whose field the list is; roots have none */
function fingerprintOf(
  { name }: GraphQLObjectType,
  field: string,
  source: unknown,
  args: ListArgs,
): string {
  const owner = (source as { readonly id?: unknown } | undefined)?.id;
  const list = { ...args, first: undefined, after: undefined };
  return listFingerprint({ field: `${name}.${field}`, owner, list });
}
