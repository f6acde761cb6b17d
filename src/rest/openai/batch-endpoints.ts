import type { z } from 'zod';
import type { BatchEndpoint, BatchEndpoints } from '../../batches/index.js';
import { AppError } from '../../errors.js';
import type {
  HeldRun,
  Metered,
  MeteredClassificationService,
  Quote,
} from '../../inference/index.js';
import type { Actor } from '../../platform/actor.js';
import type { PaidCalls } from '../paid-calls.js';
import { badInput } from '../register-routes.js';
import { ChatRequest } from './chat-request.js';
import { completeChat } from './chat.routes.js';
import { classify, ClassifyRequest } from './classify.routes.js';
import { createEmbeddings, EmbeddingRequest } from './embeddings.routes.js';

type Inference = Pick<
  MeteredClassificationService,
  'classify' | 'embed' | 'quote' | 'quoteEmbedding'
>;

/** What the route of an endpoint does with a body. */
type Handle<Body> = <Caller>(calls: PaidCalls<Caller>, call: Caller, body: Body) => Promise<object>;

/** The endpoints that lines of a batch may call: the very code of their routes. */
export function batchEndpoints(inference: Inference): BatchEndpoints {
  return new Map([
    ['/v1/classify', endpoint(inference, ClassifyRequest, classify)],
    ['/v1/embeddings', endpoint(inference, EmbeddingRequest, createEmbeddings)],
    ['/v1/chat/completions', endpoint(inference, ChatRequest, completeChatOnly)],
  ]);
}

const completeChatOnly: Handle<ChatRequest> = (calls, call, body) => {
  if (body.stream !== true) return completeChat(calls, call, body);
  throw new AppError('BAD_USER_INPUT', 'Batch requests cannot be streamed. Omit `stream`.', {
    details: { argument: 'stream' },
  });
};

function endpoint<Body>(
  inference: Inference,
  schema: z.ZodType<Body>,
  handle: Handle<Body>,
): BatchEndpoint {
  const read = (body: unknown) => {
    const result = schema.safeParse(body);
    if (result.success) return result.data;
    throw badInput(result.error);
  };
  return {
    quote: async (actor, body) => {
      const quoting = new QuotingCalls(inference);
      try {
        await handle(quoting, actor, read(body));
      } catch (error) {
        if (error instanceof Quoted) return error.quote;
        throw error;
      }
      throw new Error('The endpoint runs nothing.');
    },
    run: async ({ body, ...line }) => {
      const calls = new LineCalls(inference);
      const answer = await handle(calls, line, read(body));
      return { body: answer, chargedNanos: calls.chargedNanos };
    },
  };
}

/** Thrown where a route would begin to run something: what it does before is what checks a body. */
class Quoted extends Error {
  constructor(readonly quote: Quote) {
    super('It is quoted.');
  }
}

class QuotingCalls implements PaidCalls<Actor> {
  constructor(private readonly inference: Inference) {}

  classify: PaidCalls<Actor>['classify'] = async (actor, what) => {
    throw new Quoted(await this.inference.quote({ ...what, actor, tier: 'batch' }));
  };

  embed: PaidCalls<Actor>['embed'] = async (actor, what) => {
    throw new Quoted(await this.inference.quoteEmbedding({ ...what, actor, tier: 'batch' }));
  };
}

interface Line {
  readonly actor: Actor;
  readonly held: HeldRun;
  readonly signal: AbortSignal;
}

/** Runs a line on the credit that is held for it. */
class LineCalls implements PaidCalls<Line> {
  chargedNanos = 0n;

  constructor(private readonly inference: Inference) {}

  classify: PaidCalls<Line>['classify'] = (line, what) =>
    this.count(this.inference.classify({ ...what, ...line, tier: 'batch' }));

  embed: PaidCalls<Line>['embed'] = (line, what) =>
    this.count(this.inference.embed({ ...what, ...line, tier: 'batch' }));

  private async count<Result>(running: Promise<Metered<Result>>): Promise<Metered<Result>> {
    const metered = await running;
    this.chargedNanos = metered.chargedNanos;
    return metered;
  }
}
