import {
  getNamedType,
  getNullableType,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';

/** A place in the schema where a caller names an object. */
export interface IdArgument {
  /** As "Mutation.classifyImage.input.image.uploadId". */
  readonly name: string;
  readonly operation: 'query' | 'mutation';
  /** Its field is one of an account, not of a root. */
  readonly isOfAccount: boolean;
  readonly field: GraphQLField<unknown, unknown>;
  /** From the argument to the field of the input. */
  readonly path: readonly string[];
}

/** Names of arguments that are no ID and yet say where something is. */
const PLACES = new Set(['after', 'before']);

/** Every argument and input field of the root fields, and of an account's, that takes an id, or a place in a list. */
export function idArguments(schema: GraphQLSchema): IdArgument[] {
  const found: IdArgument[] = [];
  for (const [operation, name] of [
    ['query', 'Query'],
    ['query', 'Account'],
    ['mutation', 'Mutation'],
  ] as const) {
    const root = schema.getType(name);
    for (const field of isObjectType(root) ? Object.values(root.getFields()) : []) {
      const visit = (
        { name, type }: GraphQLArgument | GraphQLInputField,
        above: readonly string[],
        inputs: readonly string[],
      ) => {
        const path = [...above, name];
        const named = getNamedType(type);
        if (isInputObjectType(named)) {
          if (inputs.includes(named.name)) return;
          for (const inner of Object.values(named.getFields())) {
            visit(inner, path, [...inputs, named.name]);
          }
        } else if (named.name === 'ID' || PLACES.has(name)) {
          const at = [root?.name ?? '', field.name, ...path].join('.');
          found.push({ name: at, operation, isOfAccount: root?.name === 'Account', field, path });
        }
      };
      for (const argument of field.args) visit(argument, [], []);
    }
  }
  return found;
}

/** Some value for whatever an operation needs besides the id. */
export type Filler = Readonly<Record<string, unknown>>;

/**
 * The operation that names an object there: everything else that is needed is filled in, and all that may be
 * answered is asked for.
 * @param filler values by the name of the argument or input field
 * @param more of the argument that the path begins with
 */
export function operationOf(
  { operation, isOfAccount, field, path }: IdArgument,
  id: string,
  filler: Filler,
  more: Filler = {},
): { readonly query: string; readonly variables: Record<string, unknown> } {
  const given = field.args.filter((arg) => isRequiredArgument(arg) || arg.name === path[0]);
  const variables = Object.fromEntries(
    given.map((arg) => {
      const below = arg.name === path[0] ? path.slice(1) : undefined;
      return [arg.name, valueOf(arg.type, arg.name, filler, below && { path: below, id, more })];
    }),
  );
  const declared = given.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const passed = given.map(({ name }) => `${name}: $${name}`).join(', ');
  const asked = `${field.name}(${passed})${selectionOf(field.type, 2)}`;
  return {
    query: `${operation} (${declared}) { ${isOfAccount ? `account { ${asked} }` : asked} }`,
    variables,
  };
}

function valueOf(
  type: GraphQLInputType,
  name: string,
  filler: Filler,
  target: { path: readonly string[]; id: string; more: Filler } | undefined,
): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) return [valueOf(nullable.ofType, name, filler, target)];
  if (isInputObjectType(nullable)) {
    const [next, ...rest] = target?.path ?? [];
    const fields = Object.values(nullable.getFields()).filter(
      (one) => isRequiredInputField(one) || one.name === next,
    );
    const values = fields.map((one) => {
      const below = target && one.name === next ? { ...target, path: rest, more: {} } : undefined;
      return [one.name, valueOf(one.type, one.name, filler, below)] as const;
    });
    return { ...Object.fromEntries(values), ...target?.more };
  }
  if (target?.path.length === 0) return target.id;
  if (name in filler) return filler[name];
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name;
  return { Int: 1, Float: 1, Boolean: false, NanoUSD: '1' }[nullable.name] ?? 'x';
}

function selectionOf(type: GraphQLOutputType, depth: number): string {
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  // Its fields are roots of their own.
  if (named.name === 'Account') return ' { id name }';
  const parts = ['__typename'];
  if (isObjectType(named) || isInterfaceType(named)) {
    for (const field of Object.values(named.getFields())) {
      if (field.args.some(isRequiredArgument)) continue;
      const inner = getNamedType(field.type);
      if (isLeafType(inner)) parts.push(field.name);
      else if (depth > 0) parts.push(`${field.name}${selectionOf(field.type, depth - 1)}`);
    }
  }
  return ` { ${parts.join(' ')} }`;
}
