import { getDirectiveValues, GraphQLIncludeDirective, GraphQLSkipDirective, Kind } from 'graphql';
import type { FieldNode, GraphQLResolveInfo, SelectionSetNode } from 'graphql';

/**
 * Names of the fields that are selected below the resolved field at `path`, as `['edges', 'node']`;
 * fragments are looked through, whatever their type. Lets one statement fetch what will be asked for.
 */
export function selectedFields(
  info: GraphQLResolveInfo,
  path: readonly string[] = [],
): ReadonlySet<string> {
  let fields = expand(info, info.fieldNodes);
  for (const name of path) {
    fields = expand(
      info,
      fields.filter((field) => field.name.value === name),
    );
  }
  return new Set(fields.map((field) => field.name.value));
}

function expand(info: GraphQLResolveInfo, parents: readonly FieldNode[]): FieldNode[] {
  return parents.flatMap((parent) =>
    parent.selectionSet === undefined ? [] : fieldsOf(info, parent.selectionSet),
  );
}

function fieldsOf(info: GraphQLResolveInfo, set: SelectionSetNode): FieldNode[] {
  return set.selections.flatMap((selection) => {
    const skipped =
      getDirectiveValues(GraphQLSkipDirective, selection, info.variableValues)?.if === true;
    const included =
      getDirectiveValues(GraphQLIncludeDirective, selection, info.variableValues)?.if !== false;
    if (skipped || !included) return [];
    if (selection.kind === Kind.FIELD) return [selection];
    if (selection.kind === Kind.INLINE_FRAGMENT) return fieldsOf(info, selection.selectionSet);
    const fragment = info.fragments[selection.name.value];
    return fragment === undefined ? [] : fieldsOf(info, fragment.selectionSet);
  });
}
