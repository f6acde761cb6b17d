import { readFileSync } from 'node:fs';
import { buildSchema, Kind, OperationTypeNode, parse } from 'graphql';

const OPERATOR_PATH = '/graphql/operator';

let operatorFields: ReadonlySet<string> | undefined;

/**
 * Where a document is sent: to operators' endpoint what only that one has. So a test says what is asked, not where, and
 * who may not gets the refusal of the endpoint; `test/e2e/operator-endpoint.test.ts` asks at the wrong one.
 */
export function endpointOf(query: unknown): string {
  operatorFields ??= fieldsOf('schema.operator.graphql', fieldsOf('schema.graphql'));
  return rootFieldsOf(query).some((name) => operatorFields?.has(name)) ? OPERATOR_PATH : '/graphql';
}

/** Root fields of a schema file, as `query accounts`, without those known. */
function fieldsOf(file: string, known: ReadonlySet<string> = new Set()): ReadonlySet<string> {
  const schema = buildSchema(readFileSync(file, 'utf8'));
  const names = Object.values(OperationTypeNode).flatMap((kind) =>
    Object.keys(schema.getRootType(kind)?.getFields() ?? {}).map((name) => `${kind} ${name}`),
  );
  return new Set(names.filter((name) => !known.has(name)));
}

function rootFieldsOf(query: unknown): readonly string[] {
  if (typeof query !== 'string') return [];
  try {
    return parse(query).definitions.flatMap((one) =>
      one.kind === Kind.OPERATION_DEFINITION
        ? one.selectionSet.selections.flatMap((field) =>
            field.kind === Kind.FIELD ? [`${one.operation} ${field.name.value}`] : [],
          )
        : [],
    );
  } catch {
    return []; // A test may send what is no GraphQL.
  }
}
