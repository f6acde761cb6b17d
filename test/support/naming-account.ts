import { readFileSync } from 'node:fs';
import {
  type ArgumentNode,
  buildSchema,
  type DocumentNode,
  type FieldNode,
  getNamedType,
  type GraphQLSchema,
  isInputObjectType,
  Kind,
  type ObjectFieldNode,
  type OperationDefinitionNode,
  parse,
  print,
  visit,
} from 'graphql';

export interface Operation {
  readonly query: string;
  readonly variables?: object | undefined;
}

interface Named {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

let schema: GraphQLSchema | undefined;

/**
 * The operation with an account named wherever its document may name one and does not: `account(id:)`, `accountId`
 * of a mutation's input, `accountId` of a subscription.
 */
export function namingAccount({ query, variables }: Operation, accountId: string): Named {
  schema ??= buildSchema(readFileSync('schema.graphql', 'utf8'));
  const given: Record<string, unknown> = { ...variables };
  const value = { kind: Kind.STRING, value: accountId } as const;
  const name = (text: string) => ({ kind: Kind.NAME, value: text }) as const;

  const nameIn = (root: string | undefined, field: FieldNode): FieldNode => {
    const known = schema?.getType(root ?? '');
    const args =
      known != null && 'getFields' in known ? known.getFields()[field.name.value] : undefined;
    const taken = new Map(
      args != null && 'args' in args ? args.args.map((arg) => [arg.name, arg.type] as const) : [],
    );
    const own =
      root === 'Query' ? (field.name.value === 'account' ? 'id' : undefined) : 'accountId';
    if (own !== undefined && taken.has(own)) {
      if (field.arguments?.some((arg) => arg.name.value === own) === true) return field;
      const added: ArgumentNode = { kind: Kind.ARGUMENT, name: name(own), value };
      return { ...field, arguments: [...(field.arguments ?? []), added] };
    }
    const input = taken.get('input');
    const type = input === undefined ? undefined : getNamedType(input);
    if (!isInputObjectType(type) || type.getFields().accountId === undefined) return field;
    return {
      ...field,
      arguments: (field.arguments ?? []).map((arg): ArgumentNode => {
        if (arg.value.kind === Kind.VARIABLE) {
          const variable = arg.value.name.value;
          given[variable] = { accountId, ...(given[variable] as object | undefined) };
        }
        if (arg.value.kind !== Kind.OBJECT) return arg;
        if (arg.value.fields.some((one) => one.name.value === 'accountId')) return arg;
        const added: ObjectFieldNode = { kind: Kind.OBJECT_FIELD, name: name('accountId'), value };
        return { ...arg, value: { ...arg.value, fields: [...arg.value.fields, added] } };
      }),
    };
  };

  // What cannot be parsed is for the server to refuse.
  const document = parsed(query);
  if (document === undefined) return { query, variables: given };
  const named = visit(document, {
    OperationDefinition: (operation): OperationDefinitionNode => ({
      ...operation,
      selectionSet: {
        ...operation.selectionSet,
        selections: operation.selectionSet.selections.map((selection) =>
          selection.kind === Kind.FIELD ? nameIn(ROOTS[operation.operation], selection) : selection,
        ),
      },
    }),
  });
  return { query: print(named), variables: given };
}

function parsed(query: string): DocumentNode | undefined {
  try {
    return parse(query);
  } catch {
    return undefined;
  }
}

const ROOTS = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;

/** What a request over REST says in the header `x-gigarouter-account`, said in the document. */
export function namedInDocument(
  operation: Operation,
  { 'x-gigarouter-account': account, ...headers }: Readonly<Record<string, string>>,
): { readonly body: Operation; readonly headers: Record<string, string> } {
  return { headers, body: account === undefined ? operation : namingAccount(operation, account) };
}
