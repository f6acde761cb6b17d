import {
  type DocumentNode,
  type ExecutionResult,
  type FormattedExecutionResult,
  getOperationAST,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  subscribe,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { AppError } from '../errors.js';
import type { GraphQLContext } from './context.js';
import type { FormatError } from './format-error.js';
import { DOCUMENT_LIMITS } from './limits.js';
import type { CostCheck } from './cost-check.js';
import { labelOf } from './operation-facts.js';

/** What a caller asks to listen to; nothing of it is checked yet. */
export interface SubscriptionRequest {
  readonly query?: unknown;
  readonly variables?: unknown;
  readonly operationName?: unknown;
}

/** Answers as they are sent; `return` ends it at once, also while a `next` waits. */
export type Results = AsyncIterableIterator<FormattedExecutionResult>;

/** What was asked for, under its metrics' name; or why it is refused. */
export type Opened =
  | { readonly field: string; readonly results: Results }
  | { readonly errors: readonly GraphQLFormattedError[] };

export interface SubscriptionsOptions {
  readonly schema: GraphQLSchema;
  readonly checkCost: CostCheck;
  readonly formatError: FormatError;
  /** Whether errors may suggest names of the schema. */
  readonly introspection: boolean;
}

const DOCUMENTS_MAX = 500;
/** Maximum cost of one event. It is paid for every event, where an operation is paid once. */
const EVENT_COST_MAX = 20;

/**
 * Starts subscriptions, whatever carries them, under the limits of every other operation. Documents are kept by
 * their text: a thousand subscribers of the same dashboard share one.
 */
export class Subscriptions {
  private readonly documents = new LRUCache<string, DocumentNode>({ max: DOCUMENTS_MAX });

  constructor(private readonly options: SubscriptionsOptions) {}

  async open(request: SubscriptionRequest, contextValue: GraphQLContext): Promise<Opened> {
    try {
      const { query, variables, operationName } = checkRequest(request);
      const document = this.document(query);
      const operation = getOperationAST(document, operationName);
      if (operation == null) {
        throw new AppError(
          'BAD_REQUEST',
          'The document has no such operation, or several. Set `operationName`.',
        );
      }
      refuseOtherKinds(operation);
      this.measure(document, operation, variables);
      const result = await subscribe({
        schema: this.options.schema,
        document,
        contextValue,
        variableValues: variables,
        operationName,
      });
      if (!(Symbol.asyncIterator in result)) return { errors: this.format(result).errors ?? [] };
      return { field: labelOf(operation), results: this.formatted(result) };
    } catch (error) {
      return this.refusal(error);
    }
  }

  /** What a caller is told instead of results. */
  refusal(error: unknown): { readonly errors: readonly GraphQLFormattedError[] } {
    const errors = error instanceof ManyErrors ? error.errors : [error];
    return { errors: errors.map((one) => this.formatOne(one)) };
  }

  /** @throws AppError QUERY_TOO_COMPLEX; GraphQLError for variables that do not fit */
  private measure(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Record<string, unknown>,
  ): void {
    try {
      const cost = this.options.checkCost(document, operation, variables);
      if (cost > EVENT_COST_MAX) {
        throw new AppError(
          'QUERY_TOO_COMPLEX',
          `Each event of the subscription costs ${String(cost)} points; the maximum is ${String(EVENT_COST_MAX)}. Select fewer fields, and query the rest.`,
          { details: { cost, maximum: EVENT_COST_MAX } },
        );
      }
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      throw withCode(error.message, 'BAD_USER_INPUT', error.nodes);
    }
  }

  /** @throws GraphQLError, ManyErrors */
  private document(query: string): DocumentNode {
    const known = this.documents.get(query);
    if (known !== undefined) return known;
    const document = parseText(query);
    const { schema, introspection } = this.options;
    const faults = validate(schema, document, undefined, DOCUMENT_LIMITS.validation);
    if (faults.length > 0) {
      throw new ManyErrors(
        faults.map(({ message, nodes }) => {
          const shown = introspection ? message : message.replace(/ ?Did you mean.*/s, '');
          return withCode(shown, 'GRAPHQL_VALIDATION_FAILED', nodes);
        }),
      );
    }
    this.documents.set(query, document);
    return document;
  }

  /** Not a generator: one that waits for an event cannot be ended before it comes. */
  private formatted(results: AsyncGenerator<ExecutionResult, void, void>): Results {
    let failed = false;
    const formatted: Results = {
      next: async () => {
        if (failed) return { done: true, value: undefined };
        try {
          const { done, value } = await results.next();
          return done === true
            ? { done, value: undefined }
            : { done: false, value: this.format(value) };
        } catch (error) {
          failed = true;
          return { done: false, value: { errors: [this.formatOne(error)] } };
        }
      },
      return: async () => {
        await results.return();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => formatted,
    };
    return formatted;
  }

  private format({ data, errors }: ExecutionResult): FormattedExecutionResult {
    return {
      ...(data === undefined ? {} : { data }),
      ...(errors === undefined ? {} : { errors: errors.map((error) => this.formatOne(error)) }),
    };
  }

  private formatOne(error: unknown): GraphQLFormattedError {
    return this.options.formatError(
      error instanceof Error ? error : new Error(String(error)),
      error,
    );
  }
}

class ManyErrors extends Error {
  constructor(readonly errors: readonly GraphQLError[]) {
    super('The document is not valid.');
  }
}

function checkRequest({ query, variables, operationName }: SubscriptionRequest): {
  query: string;
  variables: Record<string, unknown>;
  operationName: string | undefined;
} {
  if (typeof query !== 'string') {
    throw new AppError('BAD_REQUEST', 'Send the subscription as the string "query".');
  }
  if (variables != null && (typeof variables !== 'object' || Array.isArray(variables))) {
    throw new AppError('BAD_REQUEST', '"variables" must be an object.');
  }
  if (operationName != null && typeof operationName !== 'string') {
    throw new AppError('BAD_REQUEST', '"operationName" must be a string.');
  }
  return {
    query,
    variables: (variables ?? {}) as Record<string, unknown>,
    operationName: operationName ?? undefined,
  };
}

function parseText(query: string): DocumentNode {
  try {
    return parse(query, DOCUMENT_LIMITS.parse);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw withCode(error.message, 'GRAPHQL_PARSE_FAILED', undefined);
  }
}

function withCode(message: string, code: string, nodes: GraphQLError['nodes']): GraphQLError {
  return new GraphQLError(message, {
    ...(nodes === undefined ? {} : { nodes }),
    extensions: { code },
  });
}

function refuseOtherKinds({ operation }: OperationDefinitionNode): void {
  if (operation === OperationTypeNode.SUBSCRIPTION) return;
  throw new AppError(
    'BAD_REQUEST',
    `Only subscriptions are served here. Send a ${operation} to POST /graphql.`,
  );
}
