import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import { LRUCache } from 'lru-cache';
import type { Metrics } from '../platform/metrics.js';
import { requestContext } from '../platform/request-context.js';
import { SharedReads } from '../platform/shared-reads.js';
import type { FormatError } from './format-error.js';
import type { KnownOperation, KnownOperations } from './known-operations.js';
import { costExtension, type CostCheck } from './cost-check.js';
import { answerHead } from './operation-facts.js';
import { isAnonymous } from '../http/authentication.js';
import { type PlainRequest, plainRequest } from './plain-request.js';

export interface DirectExecutionOptions {
  /** Path of the endpoint. */
  url: string;
  known: KnownOperations;
  checkCost: CostCheck;
  metrics: Metrics;
  formatError: FormatError;
  contextOf: (request: FastifyRequest, reply: FastifyReply) => object;
  /** Answers what turns out not to be plain after all. */
  fallback: (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;
}

/** A query that this way can answer. */
interface Known {
  readonly operation: KnownOperation;
  readonly text: string;
  readonly variables: Record<string, unknown>;
  readonly cost: number;
}

interface Outcome {
  readonly result: ExecutionResult;
  /** The answer as it is sent, one for all who share it; undefined with errors: they carry a request id. */
  readonly body: Buffer | undefined;
}

/** Maximum memory for cached introspection answers; each is about 290 KB. */
const CONSTANT_BYTES_MAX = 8 * 2 ** 20;

/**
 * Answers queries whose text Apollo has let through before, without Apollo's pipeline, which costs
 * several times what executing a small query does (docs/decisions/0005). Only plain requests; all
 * others, and all that are refused, are Apollo's. A test holds both ways to the same answers.
 *
 * Anonymous callers who ask for the same public thing at the same time share one execution, which
 * begins after each of them has asked.
 */
export class DirectExecution {
  private readonly shared = new SharedReads();
  private readonly constants = new LRUCache<string, Buffer>({
    maxSize: CONSTANT_BYTES_MAX,
    sizeCalculation: ({ length }) => length,
  });

  constructor(private readonly options: DirectExecutionOptions) {}

  /** @returns false, with nothing done, when the request is not one for this way. */
  answer(request: FastifyRequest, reply: FastifyReply): boolean {
    const plain = plainRequest(request, this.options.url);
    const known = plain === undefined ? undefined : this.recognize(plain);
    if (known === undefined) return false;

    const { operation, text, variables, cost } = known;
    const { facts } = operation;
    const startedAt = performance.now();
    const context = requestContext();
    if (context !== undefined) context.operation = facts.label;

    const constant = this.constants.get(text);
    if (constant !== undefined) {
      void this.send(request, reply, known, { result: {}, body: constant }, startedAt);
      return true;
    }

    const execute = (): Outcome | Promise<Outcome> => {
      const result = operation.run(this.options.contextOf(request, reply), variables);
      return result instanceof Promise
        ? result.then((settled) => outcomeOf(settled, cost))
        : outcomeOf(result, cost);
    };
    const outcome =
      facts.cacheMaxAgeS > 0 && isAnonymous(request)
        ? this.shared.run(`${text}\0${JSON.stringify(variables)}`, async () => execute())
        : execute();
    const finish = (settled: Outcome) => {
      // Nothing was executed: the variables do not fit. Apollo words the refusal.
      if (!('data' in settled.result)) return this.options.fallback(request, reply);
      if (facts.isConstant && settled.body !== undefined) this.constants.set(text, settled.body);
      return this.send(request, reply, known, settled, startedAt);
    };
    const fail = (error: unknown) => reply.send(error);
    if (outcome instanceof Promise) outcome.then(finish).catch(fail);
    else {
      const sent = finish(outcome);
      if (sent instanceof Promise) sent.catch(fail);
    }
    return true;
  }

  /** The known operation and its cost; undefined for what Apollo must answer or refuse. */
  private recognize(plain: PlainRequest): Known | undefined {
    const operation = this.options.known.find(plain);
    if (operation === undefined) return undefined;
    const variables = plain.variables ?? {};
    try {
      const cost = this.options.checkCost(operation.document, operation.operation, variables);
      return { operation, text: plain.query, variables, cost };
    } catch {
      return undefined;
    }
  }

  private send(
    { actor }: FastifyRequest,
    reply: FastifyReply,
    { operation: { facts }, cost }: Known,
    { result: { data, errors }, body }: Outcome,
    startedAt: number,
  ): FastifyReply {
    const { formatError, metrics } = this.options;
    const result: FormattedExecutionResult = {
      ...(errors === undefined ? {} : { errors: errors.map((error) => formatError(error, error)) }),
      data: data ?? null,
      extensions: { cost: costExtension(cost) },
    };
    const { status = 200, headers } = answerHead(result, facts, { accountId: actor?.accountId });
    metrics.operation(
      facts.label,
      errors === undefined ? 'ok' : 'error',
      (performance.now() - startedAt) / 1000,
    );
    reply.mayCompress = facts.isCompressible;
    return reply
      .status(status)
      .headers(headers)
      .header('content-type', 'application/json; charset=utf-8')
      .send(body ?? bodyOf(result));
  }
}

function outcomeOf(result: ExecutionResult, cost: number): Outcome {
  const { data, errors } = result;
  if (errors !== undefined) return { result, body: undefined };
  return { result, body: bodyOf({ data, extensions: { cost: costExtension(cost) } }) };
}

function bodyOf(result: object): Buffer {
  return Buffer.from(`${JSON.stringify(result)}\n`);
}
