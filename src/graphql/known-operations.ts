import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
} from 'graphql';
import { type CompiledQuery, compileQuery, isCompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import { type OperationFacts, operationFacts } from './operation-facts.js';
import type { PlainRequest } from './plain-request.js';

/** Texts that are remembered: how many, and the longest in characters. */
const TEXTS_MAX = 1_000;
const TEXT_LENGTH_MAX = 10_000;

/** Compiling takes milliseconds: not for a text that somebody sends a few times. */
const USES_BEFORE_COMPILING = 20;

/** A query that was parsed, validated and measured before. */
export class KnownOperation {
  readonly facts: OperationFacts;
  private uses = 0;
  private compiled: CompiledQuery | undefined;

  constructor(
    private readonly schema: GraphQLSchema,
    readonly document: DocumentNode,
    readonly operation: OperationDefinitionNode,
  ) {
    this.facts = operationFacts(schema, operation);
  }

  /** Executes it; without `data` in the result nothing was executed, as the variables do not fit. */
  run(
    contextValue: object,
    variableValues: Record<string, unknown>,
  ): Promise<ExecutionResult> | ExecutionResult {
    const { schema, document } = this;
    this.uses += 1;
    if (this.uses === USES_BEFORE_COMPILING) {
      const compiled = compileQuery(schema, document);
      if (isCompiledQuery(compiled)) this.compiled = compiled;
    }
    return (
      this.compiled?.query(undefined, contextValue, variableValues) ??
      execute({ schema, document, contextValue, variableValues })
    );
  }
}

/** The queries that callers send again and again, by their text; the longest unused goes first. */
export class KnownOperations {
  private readonly byText = new LRUCache<string, KnownOperation>({ max: TEXTS_MAX });

  constructor(private readonly schema: GraphQLSchema) {}

  /** Remembers a document with one query; leaves others out. */
  learn(
    text: string | undefined,
    document: DocumentNode,
    operation: OperationDefinitionNode,
  ): void {
    if (text === undefined || text.length > TEXT_LENGTH_MAX || this.byText.has(text)) return;
    if (operation.operation !== OperationTypeNode.QUERY) return;
    const operations = document.definitions.filter(
      ({ kind }) => kind === Kind.OPERATION_DEFINITION,
    );
    if (operations.length !== 1) return;
    this.byText.set(text, new KnownOperation(this.schema, document, operation));
  }

  /** The operation that the request means, if it is known. */
  find({ query, operationName }: PlainRequest): KnownOperation | undefined {
    const known = this.byText.get(query);
    if (known === undefined) return undefined;
    if (operationName === undefined || operationName === null) return known;
    return known.operation.name?.value === operationName ? known : undefined;
  }
}
