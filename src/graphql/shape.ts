import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';
import { AppError } from '../errors.js';

/** Counted after fragments are expanded, so that a fragment used twice counts twice. */
const SHAPE_LIMITS = {
  depth: 10,
  introspectionDepth: 15,
  aliases: 30,
  fields: 200,
  directives: 20,
} as const;

/**
 * Measures one operation and stops at the first limit that it passes; fragment cycles were refused
 * before, by validation.
 * @throws AppError QUERY_TOO_COMPLEX naming the limit and its value.
 */
export function checkShape(document: DocumentNode, operation: OperationDefinitionNode): void {
  const fragments = new Map(
    document.definitions
      .filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment): [string, FragmentDefinitionNode] => [fragment.name.value, fragment]),
  );
  const counts = { aliases: 0, fields: 0, directives: operation.directives?.length ?? 0 };

  const count = (what: keyof typeof counts, by: number) => {
    counts[what] += by;
    if (counts[what] > SHAPE_LIMITS[what]) refuse(what, SHAPE_LIMITS[what]);
  };

  const visit = (set: SelectionSetNode, depth: number, depthMax: number) => {
    if (depth > depthMax) refuse('levels', depthMax);
    for (const selection of set.selections) {
      count('directives', selection.directives?.length ?? 0);
      if (selection.kind === Kind.FIELD) {
        count('fields', 1);
        if (selection.alias !== undefined) count('aliases', 1);
        if (selection.selectionSet === undefined) continue;
        // The query that every GraphQL tool sends to learn a schema is 13 levels deep.
        const limit = selection.name.value.startsWith('__')
          ? SHAPE_LIMITS.introspectionDepth
          : depthMax;
        visit(selection.selectionSet, depth + 1, limit);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        visit(selection.selectionSet, depth, depthMax);
      } else {
        const fragment = fragments.get(selection.name.value);
        if (fragment !== undefined) visit(fragment.selectionSet, depth, depthMax);
      }
    }
  };
  visit(operation.selectionSet, 1, SHAPE_LIMITS.depth);
}

function refuse(what: string, limit: number): never {
  throw new AppError(
    'QUERY_TOO_COMPLEX',
    `The operation has more than ${String(limit)} ${what}. Split it.`,
    {
      details: { limit: what, maximum: limit },
    },
  );
}
