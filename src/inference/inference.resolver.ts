import { Ctx, Mutation, Resolver } from 'type-graphql';
import { AppError } from '../errors.js';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { InputArg, present } from '../graphql/input.js';
import { serverTiming } from '../platform/server-timing.js';
import { type CallLimits, type CallTimingsType, rateHeaders } from '../usage/index.js';
import {
  CallCostType,
  ClassifyImagePayload,
  EmbedImagesPayload,
  EmbedTextsPayload,
  QuoteType,
} from './classification.type.js';
import {
  ClassifyImageInput,
  EmbedImagesInput,
  EmbedTextsInput,
  type ImageInput,
} from './classify-image.input.js';
import type { Metered } from './metered-call.js';
import type { EmbedCall } from './inference-call.js';
import type { MeteredClassificationService } from './metered-classification.service.js';

/** A paid field costs as much as forty rows: a request has room for a few. */
const PAID_COST = ({ childComplexity }: { childComplexity: number }) => 40 + childComplexity;

@Resolver()
export class InferenceResolver {
  constructor(
    private readonly inference: MeteredClassificationService,
    private readonly limits: CallLimits,
  ) {}

  @Mutation(() => ClassifyImagePayload, {
    nullable: true,
    complexity: PAID_COST,
    description:
      'Scores images against labels given in the call (zero-shot classification). Images and labels cached for the account are free, and so are failed calls.',
  })
  @Access({ scope: 'inference' })
  async classifyImage(
    @InputArg(() => ClassifyImageInput)
    { image, images, dryRun, ...input }: ClassifyImageInput,
    @Ctx() context: GraphQLContext,
  ): Promise<ClassifyImagePayload> {
    const { actor, signal } = context;
    const call = { ...present(input), images: oneOf(image, images), actor, signal };
    if (dryRun) {
      const estimate = await this.limited(context, () => this.inference.estimate(call));
      const quote = new QuoteType(estimate);
      return {
        runId: null,
        classification: null,
        classifications: [],
        labelsCached: 0,
        cost: null,
        quote,
        timingsMs: null,
        replayed: false,
      };
    }
    const metered = await this.limited(context, () => this.inference.classify(call));
    return {
      runId: metered.runId,
      classification: metered.result.images[0] ?? null,
      classifications: metered.result.images,
      labelsCached: metered.result.labelsCached,
      cost: new CallCostType(metered),
      quote: null,
      timingsMs: timed(context, metered),
      replayed: metered.replayed,
    };
  }

  @Mutation(() => EmbedImagesPayload, {
    nullable: true,
    complexity: PAID_COST,
    description: 'Computes embedding vectors for images, comparable with those of texts.',
  })
  @Access({ scope: 'inference' })
  embedImages(
    @InputArg(() => EmbedImagesInput) input: EmbedImagesInput,
    @Ctx() context: GraphQLContext,
  ): Promise<EmbedImagesPayload> {
    const { actor, signal } = context;
    const images = input.images.map(present);
    return this.embed({ ...present(input), images, actor, signal }, context);
  }

  @Mutation(() => EmbedTextsPayload, {
    nullable: true,
    complexity: PAID_COST,
    description: 'Computes embedding vectors for texts, comparable with those of images.',
  })
  @Access({ scope: 'inference' })
  embedTexts(
    @InputArg(() => EmbedTextsInput) input: EmbedTextsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<EmbedTextsPayload> {
    const { actor, signal } = context;
    return this.embed({ ...present(input), actor, signal }, context);
  }

  /** Within the caller's limits, which the answer's headers tell. */
  private async limited<T>(context: GraphQLContext, work: () => Promise<T>): Promise<T> {
    const setHeaders = (headers: Readonly<Record<string, string>>) => {
      for (const [name, value] of Object.entries(headers)) context.setHeader(name, value);
    };
    try {
      return await this.limits.run(
        context.actor,
        (state) => {
          setHeaders(rateHeaders(state));
        },
        work,
      );
    } catch (error) {
      // The status stays 200, as GraphQL has it, but clients that know the header may wait.
      const retryAfterS = error instanceof AppError ? error.details?.retryAfterS : undefined;
      if (typeof retryAfterS === 'number') setHeaders({ 'retry-after': String(retryAfterS) });
      throw error;
    }
  }

  private async embed(
    call: EmbedCall,
    context: GraphQLContext,
  ): Promise<EmbedImagesPayload & EmbedTextsPayload> {
    const metered = await this.limited(context, () => this.inference.embed(call));
    return {
      runId: metered.runId,
      vectors: metered.result.vectors,
      cached: metered.result.cached,
      cost: new CallCostType(metered),
      timingsMs: timed(context, metered),
      replayed: metered.replayed,
    };
  }
}

/** What a call's parts took; also as the header that browsers show (Server Timing, W3C). */
function timed(context: GraphQLContext, { timingsMs }: Metered<object>): CallTimingsType {
  const all = { auth: context.authMs, ...timingsMs };
  context.setHeader('server-timing', serverTiming(all));
  return all;
}

function oneOf(image: ImageInput | undefined, images: ImageInput[] | undefined): ImageInput[] {
  const given = [image == null ? [] : [image], images ?? []].filter((list) => list.length > 0);
  const [only] = given;
  if (only === undefined || given.length > 1) {
    throw new AppError('BAD_USER_INPUT', 'Set exactly one of `image` and `images`.', {
      details: { argument: 'image' },
    });
  }
  return only.map(present);
}
