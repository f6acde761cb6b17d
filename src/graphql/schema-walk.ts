import {
  type GraphQLField,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { SCOPES } from '../platform/actor.js';
import type { Access } from './access.js';

/**
 * Refuses a schema that forgot something: a root field that does not say who may call it and what it
 * costs, or anything without a description. Run at every start.
 * @throws Error that lists all faults.
 */
export function checkSchema(schema: GraphQLSchema): void {
  const faults = [...rootFieldFaults(schema), ...descriptionFaults(schema)];
  if (faults.length > 0)
    throw new Error(`The GraphQL schema is not complete:\n  ${faults.join('\n  ')}`);
}

function rootFieldFaults(schema: GraphQLSchema): string[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return roots
    .flatMap((root) => Object.values(root?.getFields() ?? {}).map((field) => ({ root, field })))
    .flatMap(({ root, field }) => {
      const at = `${root?.name ?? ''}.${field.name}`;
      return [
        ...(hasScope(field) ? [] : [`${at}: states no scope (@Access)`]),
        ...(field.extensions.complexity === undefined
          ? [`${at}: states no cost (complexity)`]
          : []),
      ];
    });
}

function hasScope(field: GraphQLField<unknown, unknown>): boolean {
  const access = field.extensions.access as Partial<Access> | undefined;
  return access?.scope !== undefined && SCOPES.includes(access.scope);
}

function descriptionFaults(schema: GraphQLSchema): string[] {
  const missing: string[] = [];
  const check = (at: string, { description }: { description?: string | null | undefined }) => {
    if (description === undefined || description === null || description === '')
      missing.push(`${at}: no description`);
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue;
    check(type.name, type);
    if (isEnumType(type))
      for (const value of type.getValues()) check(`${type.name}.${value.name}`, value);
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields()))
        check(`${type.name}.${field.name}`, field);
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        check(`${type.name}.${field.name}`, field);
        for (const argument of field.args)
          check(`${type.name}.${field.name}(${argument.name}:)`, argument);
      }
    }
  }
  return missing;
}
