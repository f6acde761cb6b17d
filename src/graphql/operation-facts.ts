import {
  type FormattedExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { ERROR_CODES } from '../errors.js';
import type { Actor } from '../platform/actor.js';
import type { Access } from './access.js';

/** What an operation is called in the metrics, and how long its answer may be kept. */
export interface OperationFacts {
  /** It changes something; what it has done stays done. */
  readonly isMutation: boolean;
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
  isMutation: false,
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
    isMutation: operation.operation === OperationTypeNode.MUTATION,
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

/** The server had no room for the operation, and has done nothing of it where no field has a value. */
const NO_ROOM = ['OVERLOADED', 'INSUFFICIENT_STORAGE'] as const;

function noRoom({ data, errors }: FormattedExecutionResult): AnswerHead | undefined {
  if (hasValue(data)) return undefined;
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

/** Whether anything in it was answered: fields that failed are null, and so is what holds nothing else. */
function hasValue(data: unknown): boolean {
  if (data == null) return false;
  if (typeof data !== 'object' || Array.isArray(data)) return true;
  return Object.values(data).some(hasValue);
}

/**
 * Status and headers of an executed operation. Takes the data from an answer whose database went
 * away: half an answer would look like "not found" (docs/decisions/0004).
 */
export function answerHead(
  result: FormattedExecutionResult,
  { isMutation, cacheMaxAgeS }: OperationFacts,
  { accountId }: Pick<Actor, 'accountId'>,
): AnswerHead {
  const isAway = ({ extensions }: GraphQLFormattedError) =>
    extensions?.code === 'UPSTREAM_UNAVAILABLE';
  if (result.errors?.some(isAway) === true) {
    // What a mutation has done is not undone by the failure of the next one: a secret is in its answer only.
    if (isMutation && hasValue(result.data)) return NOT_KEPT;
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
