import {
  Kind,
  type FormattedExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { ERROR_CODES } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import type { Access } from './access.js';

/** What an operation is called in the metrics, and how long its answer may be kept. */
export interface OperationFacts {
  /** Root field, `multiple`, `introspection` or `refused`: a closed set, unlike what callers name theirs. */
  readonly label: string;
  /** 0: not at all. */
  readonly cacheMaxAgeS: number;
  /** Introspection without variables: the answer depends on the schema alone. */
  readonly isConstant: boolean;
  /** The answer holds no secret: a query, or a mutation that only runs models. Secrets are shown once, when they are made. */
  readonly isCompressible: boolean;
}

export const REFUSED: OperationFacts = {
  label: 'refused',
  cacheMaxAgeS: 0,
  isConstant: false,
  isCompressible: false,
};

export function operationFacts(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
): OperationFacts {
  const names = rootFieldsOf(operation);
  return {
    label: labelOf(operation),
    cacheMaxAgeS: cacheMaxAgeOf(schema, operation, names),
    isConstant:
      (operation.variableDefinitions ?? []).length === 0 &&
      names.every((name) => name?.startsWith('__') === true),
    isCompressible:
      operation.operation === OperationTypeNode.QUERY ||
      names.every((name) => accessOf(schema, operation, name)?.scope === 'inference'),
  };
}

/** A fragment at the root counts as unknown. */
function rootFieldsOf(operation: OperationDefinitionNode): readonly (string | undefined)[] {
  return operation.selectionSet.selections.map((selection) =>
    selection.kind === Kind.FIELD ? selection.name.value : undefined,
  );
}

/** The name of an operation in the metrics. */
export function labelOf(operation: OperationDefinitionNode): string {
  const names = rootFieldsOf(operation);
  const [first] = names;
  if (names.length !== 1 || first === undefined) return 'multiple';
  return first.startsWith('__') ? 'introspection' : first;
}

/** The shortest time that any root field allows. */
function cacheMaxAgeOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  names: readonly (string | undefined)[],
): number {
  return Math.min(...names.map((name) => accessOf(schema, operation, name)?.cacheMaxAgeS ?? 0));
}

function accessOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  name: string | undefined,
): Access | undefined {
  const fields = schema.getRootType(operation.operation)?.getFields() ?? {};
  return (name === undefined ? undefined : fields[name]?.extensions.access) as Access | undefined;
}

/** HTTP's part of an answer. */
export interface AnswerHead {
  /** Left out: what GraphQL over HTTP says. */
  readonly status?: number;
  readonly headers: Readonly<Record<string, string>>;
}

const NOT_KEPT: AnswerHead = { headers: { 'cache-control': 'no-store' } };
const DATABASE_AWAY: AnswerHead = {
  status: 503,
  headers: { 'cache-control': 'no-store', 'retry-after': '1' },
};

/** The server had no room for the operation, and has done nothing of it where there is no data. */
const NO_ROOM = ['OVERLOADED', 'INSUFFICIENT_STORAGE'] as const;

function noRoom({ data, errors }: FormattedExecutionResult): AnswerHead | undefined {
  if (data != null) return undefined;
  for (const { extensions } of errors ?? []) {
    const code = NO_ROOM.find((one) => one === extensions?.code);
    if (code === undefined) continue;
    const { retryAfterS } = extensions ?? {};
    const afterS = typeof retryAfterS === 'number' ? retryAfterS : 1;
    return {
      status: ERROR_CODES[code].status,
      headers: { ...NOT_KEPT.headers, 'retry-after': String(afterS) },
    };
  }
  return undefined;
}

/**
 * Status and headers of an executed operation. Takes the data from an answer whose database went
 * away: half an answer would look like "not found" (docs/decisions/0004).
 */
export function answerHead(
  result: FormattedExecutionResult,
  { cacheMaxAgeS }: OperationFacts,
  { accountId }: Pick<Actor, 'accountId'>,
): AnswerHead {
  if (
    result.errors?.some(({ extensions }) => extensions?.code === 'UPSTREAM_UNAVAILABLE') === true
  ) {
    delete result.data;
    return DATABASE_AWAY;
  }
  const refused = noRoom(result);
  if (refused !== undefined) return refused;
  // Some public fields tell a signed-in caller more.
  const shared = cacheMaxAgeS > 0 && accountId === undefined;
  if (result.errors !== undefined || !shared) return NOT_KEPT;
  const kept = `public, max-age=${String(cacheMaxAgeS)}, stale-while-revalidate=${String(cacheMaxAgeS * 10)}`;
  return { headers: { 'cache-control': kept } };
}
