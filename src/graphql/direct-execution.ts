import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type DocumentNode,
  execute,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLFormattedError,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { Metrics } from '../platform/metrics.js';
import { requestContext } from '../platform/request-context.js';
import { costExtension, type Meter } from './meter.js';
import { answerHead, type OperationFacts, operationFacts } from './operation-facts.js';

export interface DirectExecutionOptions {
  schema: GraphQLSchema;
  meter: Meter;
  metrics: Metrics;
  formatError: (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError;
  contextOf: (request: FastifyRequest) => object;
  executionOptions: { maxCoercionErrors: number };
  /** Answers what turns out not to be plain after all. */
  fallback: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
}

interface Known {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  readonly facts: OperationFacts;
}

/** Texts that are remembered, the longest and how many. */
const TEXT_LENGTH_MAX = 10_000;
const TEXTS_MAX = 1_000;
const PLAIN_ACCEPT = new Set([undefined, '*/*', 'application/json', 'application/json, */*']);
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Answers queries whose text Apollo has let through before, without Apollo's pipeline, which costs
 * several times what executing a small query does (docs/decisions/0005). Only plain requests: POST, a
 * document with one query, JSON wanted. All others, and all that are refused, are Apollo's; a test
 * holds both ways to the same answers.
 */
export class DirectExecution {
  private readonly known = new Map<string, Known>();

  constructor(private readonly options: DirectExecutionOptions) {}

  /** Remembers a document that was parsed, validated and measured. */
  learn(text: string | undefined, document: DocumentNode, operation: OperationDefinitionNode): void {
    const operations = document.definitions.filter(({ kind }) => kind === 'OperationDefinition');
    if (text === undefined || text.length > TEXT_LENGTH_MAX) return;
    if (operations.length > 1 || operation.operation !== 'query' || this.known.has(text)) return;
    const [oldest] = this.known.keys();
    if (this.known.size >= TEXTS_MAX && oldest !== undefined) this.known.delete(oldest);
    this.known.set(text, { document, operation, facts: operationFacts(this.options.schema, operation) });
  }

  /** @returns false, with nothing done, when the request is not one for this way. */
  answer(request: FastifyRequest, reply: FastifyReply): boolean {
    const { schema, meter, contextOf, executionOptions } = this.options;
    const plain = plainRequest(request);
    const known = plain === undefined ? undefined : this.known.get(plain.query);
    if (plain === undefined || known === undefined || !namesOperation(plain, known)) return false;

    const startedAt = performance.now();
    const { document, operation, facts } = known;
    const variableValues = plain.variables ?? {};
    let cost: number;
    try {
      cost = meter(document, operation, variableValues);
    } catch {
      return false;
    }
    const context = requestContext();
    if (context !== undefined) context.operation = facts.label;

    const contextValue = contextOf(request);
    const running = execute({ schema, document, contextValue, variableValues, options: executionOptions });
    const finish = (result: ExecutionResult) => {
      // Nothing was executed: the variables do not fit. Apollo words the refusal.
      if (!('data' in result)) return this.options.fallback(request, reply);
      return this.send(reply, result, facts, cost, startedAt);
    };
    if (running instanceof Promise) running.then(finish).catch((error: unknown) => reply.send(error));
    else void finish(running);
    return true;
  }

  private send(
    reply: FastifyReply,
    { data, errors }: ExecutionResult,
    facts: OperationFacts,
    cost: number,
    startedAt: number,
  ): FastifyReply {
    const { formatError, metrics } = this.options;
    const result: FormattedExecutionResult = {
      ...(errors === undefined ? {} : { errors: errors.map((error) => formatError(error.toJSON(), error)) }),
      data: data ?? null,
      extensions: { cost: costExtension(cost) },
    };
    const { status = 200, headers } = answerHead(result, facts);
    metrics.operation(
      facts.label,
      errors === undefined ? 'ok' : 'error',
      (performance.now() - startedAt) / 1000,
    );
    return reply
      .status(status)
      .headers(headers)
      .header('content-type', JSON_TYPE)
      .send(`${JSON.stringify(result)}\n`);
  }
}

interface PlainRequest {
  readonly query: string;
  readonly variables?: Record<string, unknown> | null;
  readonly operationName?: string | null;
}

/** The body, when it and the headers ask for nothing but the execution of a query. */
function plainRequest({ method, headers, body, raw }: FastifyRequest): PlainRequest | undefined {
  if (method !== 'POST' || !PLAIN_ACCEPT.has(headers.accept)) return undefined;
  if (raw.url !== '/graphql' || typeof body !== 'object' || body === null) return undefined;
  const { query, variables, operationName, ...rest } = body as Record<string, unknown>;
  if (typeof query !== 'string' || Object.keys(rest).length > 0) return undefined;
  if (typeof variables !== 'object' && variables !== undefined) return undefined;
  if (Array.isArray(variables)) return undefined;
  if (operationName !== undefined && operationName !== null && typeof operationName !== 'string') {
    return undefined;
  }
  return body as PlainRequest;
}

function namesOperation({ operationName }: PlainRequest, { operation }: Known): boolean {
  return operationName === undefined || operationName === null || operationName === operation.name?.value;
}
