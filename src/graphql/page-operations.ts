import {
  type DocumentNode,
  getOperationAST,
  GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationDefinitionNode,
  parse,
  validate,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { type Actor } from '../platform/actor.js';
import type { Metrics } from '../platform/metrics.js';
import type { GraphQLContext } from './context.js';
import { createCostCheck } from './cost-check.js';
import type { FormatError } from './format-error.js';
import { KnownOperation } from './known-operations.js';
import { DOCUMENT_LIMITS } from './limits.js';

/** A page's operation, and for whom it runs. */
export interface PageOperation {
  readonly text: string;
  readonly variables: Record<string, unknown>;
  readonly actor: Actor;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

export interface PageAnswer {
  readonly data: unknown;
  readonly errors: readonly GraphQLFormattedError[];
}

/** There are a dozen. */
const TEXTS_MAX = 100;

/**
 * Executes the operations of the server's own pages: limited, measured and authorized as those that come over HTTP.
 */
export class PageOperations {
  private readonly known = new LRUCache<string, KnownOperation>({ max: TEXTS_MAX });
  private readonly checkCost;

  constructor(
    private readonly schema: GraphQLSchema,
    private readonly metrics: Metrics,
    private readonly formatError: FormatError,
  ) {
    this.checkCost = createCostCheck(schema);
  }

  /** @throws Error for a text that the schema does not know: pages and schema belong together. */
  async execute(call: PageOperation): Promise<PageAnswer> {
    const known = this.find(call.text);
    const startedAt = performance.now();
    const answer = await this.run(known, call);
    this.metrics.operation(
      known.facts.label,
      answer.errors.length === 0 ? 'ok' : 'error',
      (performance.now() - startedAt) / 1_000,
    );
    return answer;
  }

  private async run(known: KnownOperation, call: PageOperation): Promise<PageAnswer> {
    try {
      this.checkCost(known.document, known.operation, call.variables);
      const { data, errors = [] } = await known.run(contextOf(call), call.variables);
      return { data: data ?? null, errors: errors.map((error) => this.formatError(error, error)) };
    } catch (error) {
      const reported =
        error instanceof GraphQLError
          ? error
          : new GraphQLError('', { originalError: error as Error });
      return { data: null, errors: [this.formatError(reported, reported)] };
    }
  }

  private find(text: string): KnownOperation {
    const before = this.known.get(text);
    if (before !== undefined) return before;
    const document = parse(text, DOCUMENT_LIMITS.parse);
    const [fault] = validate(this.schema, document, undefined, DOCUMENT_LIMITS.validation);
    if (fault !== undefined) throw fault;
    const known = new KnownOperation(this.schema, document, operationOf(document));
    this.known.set(text, known);
    return known;
  }
}

function operationOf(document: DocumentNode): OperationDefinitionNode {
  const operation = getOperationAST(document);
  if (operation == null) throw new Error('A page has to send one operation.');
  return operation;
}

function contextOf({ actor, requestId, signal }: PageOperation): GraphQLContext {
  return {
    requestId,
    actor,
    signal,
    credentials: { authorization: undefined, cookie: undefined },
    userAgent: undefined,
    authMs: 0,
    allowCompression: () => undefined,
    setHeader: () => undefined,
  };
}
