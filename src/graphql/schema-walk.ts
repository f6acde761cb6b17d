import {
  type GraphQLField,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { SCOPES } from '../platform/actor.js';
import type { Access } from './access.js';
import { ACCOUNT } from './account.type.js';

/** Shortest description that can say more than the name does. */
const DESCRIPTION_CHARS_MIN = 15;
/** "What it is." leaves the reader to guess the noun. */
const PRONOUN_FIRST =
  /^(?:What|Which|Who|Whom|Whose|Why|When|Where|How|It|Its|They|Their|This|That)\b/;

/**
 * Rejects an incomplete schema: a field of a root type or of Account without scope, cost or nullability, or
 * a missing or unhelpful description. Run at every start.
 * @throws Error that lists all faults.
 */
export function checkSchema(schema: GraphQLSchema): void {
  const faults = [...rootFieldFaults(schema), ...descriptionFaults(schema)];
  if (faults.length > 0)
    throw new Error(`The GraphQL schema is not complete:\n  ${faults.join('\n  ')}`);
}

/** Faults of the root fields, and of an account's: they are roots of what it owns. */
function rootFieldFaults(schema: GraphQLSchema): string[] {
  const account = schema.getType(ACCOUNT);
  const roots = [
    schema.getQueryType(),
    schema.getMutationType(),
    schema.getSubscriptionType(),
    isObjectType(account) ? account : undefined,
  ];
  return roots
    .flatMap((root) => Object.values(root?.getFields() ?? {}).map((field) => ({ root, field })))
    .filter(({ field }) => field.name !== 'id')
    .flatMap(({ root, field }) => {
      const at = `${root?.name ?? ''}.${field.name}`;
      return [
        ...(hasScope(field) ? [] : [`${at}: states no scope (@Access)`]),
        ...(field.extensions.complexity === undefined
          ? [`${at}: states no cost (complexity)`]
          : []),
        ...(isNonNullType(field.type)
          ? [`${at}: is not nullable, so that its error takes others along`]
          : []),
      ];
    });
}

function hasScope(field: GraphQLField<unknown, unknown>): boolean {
  const access = field.extensions.access as Partial<Access> | undefined;
  return access?.scope !== undefined && SCOPES.includes(access.scope);
}

function descriptionFaults(schema: GraphQLSchema): string[] {
  const faults: string[] = [];
  const check = (at: string, { description }: { description?: string | null | undefined }) => {
    const fault = faultOf(description ?? '');
    if (fault !== undefined) faults.push(`${at}: ${fault}`);
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
  return faults;
}

function faultOf(description: string): string | undefined {
  if (description === '') return 'no description';
  if (description.length < DESCRIPTION_CHARS_MIN)
    return `description is shorter than ${String(DESCRIPTION_CHARS_MIN)} characters (${description})`;
  if (!description.endsWith('.')) return `description does not end with a period (${description})`;
  if (PRONOUN_FIRST.test(description))
    return `description must start with a noun or a verb in the third person (${description})`;
  return undefined;
}
