import { filterSchema } from '@graphql-tools/utils';
import {
  getNamedType,
  type GraphQLNamedType,
  type GraphQLSchema,
  type GraphQLType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql';
import type { Access } from './access.js';

/** Anything in a schema that can carry extensions. */
interface Part {
  readonly extensions?: Readonly<Record<string, unknown>> | null | undefined;
}

/**
 * True for a part of the schema that only `/graphql/operator` has: a field whose scope (@Access) is `operator`, a type
 * that only such fields lead to, and whatever states `@Extensions({ operator: true })`.
 */
export function isOperatorPart({ extensions }: Part): boolean {
  return (
    extensions?.operator === true ||
    (extensions?.access as Access | undefined)?.scope === 'operator'
  );
}

/** Marks the types that only parts for operators lead to, so that nobody has to name them. */
export function markOperatorTypes(schema: GraphQLSchema): void {
  const reached = reachedTypes(schema);
  for (const type of Object.values(schema.getTypeMap())) {
    if (reached.has(type) || type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
    type.extensions = { ...type.extensions, operator: true };
  }
}

/** The schema without what only operators may see. Its resolvers and guards are those of the whole. */
export function publicSchemaOf(schema: GraphQLSchema): GraphQLSchema {
  const stays = (part: Part) => !isOperatorPart(part);
  return filterSchema({
    schema,
    typeFilter: (_name, type) => stays(type as GraphQLNamedType),
    rootFieldFilter: (_operation, _name, field) => stays(field),
    fieldFilter: (_type, _name, field) => stays(field),
    argumentFilter: (_type, _field, _name, argument) => argument === undefined || stays(argument),
    enumValueFilter: (_type, _name, value) => stays(value),
    // Nothing is left that it could mark.
    directiveFilter: (name) => name !== 'tag',
  });
}

/** The types that a caller who is no operator can come to. `Node` leads nowhere: each of its types is listed somewhere. */
function reachedTypes(schema: GraphQLSchema): ReadonlySet<GraphQLNamedType> {
  const reached = new Set<GraphQLNamedType>();
  const visit = (type: GraphQLType): void => {
    const named = getNamedType(type);
    if (reached.has(named) || named.extensions.operator === true) return;
    reached.add(named);
    if (isObjectType(named) || isInterfaceType(named)) {
      named.getInterfaces().forEach(visit);
      for (const field of Object.values(named.getFields()).filter(isPublic)) {
        visit(field.type);
        for (const argument of field.args.filter(isPublic)) visit(argument.type);
      }
    }
    if (isInterfaceType(named) && named.name !== 'Node') {
      schema.getImplementations(named).objects.forEach(visit);
    }
    if (isUnionType(named)) named.getTypes().forEach(visit);
    if (isInputObjectType(named)) {
      for (const field of Object.values(named.getFields()).filter(isPublic)) visit(field.type);
    }
  };
  for (const root of [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
  ]) {
    if (root != null) visit(root);
  }
  return reached;
}

function isPublic(part: Part): boolean {
  return !isOperatorPart(part);
}
