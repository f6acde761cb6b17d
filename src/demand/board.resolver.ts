import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ModelType } from '../catalog/index.js';
import { AppError } from '../errors.js';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { CommentOnModelInput, AcceptProposedModelInput, MergeModelsInput } from './board.input.js';
import {
  PlanModelPayload,
  CommentOnModelPayload,
  AcceptProposedModelPayload,
  MergeModelsPayload,
} from './board.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { ModelId } from '../platform/ids.js';
import { parseBoardCursor, toBoardCursor } from './board-entry.js';
import type { BoardService } from './board.service.js';
import { BoardEntryType, toBoardEntry, BoardConnectionType } from './board.type.js';
import { ModelRequestConnectionType } from './model-request.type.js';
import { PlanModelInput, toChanges } from './plan-model.input.js';

const MODEL_ID = 'ID of the model, prefixed with `mdl_`.';

/** For operators. */
@Resolver(() => BoardEntryType)
export class BoardResolver {
  constructor(
    private readonly board: BoardService,
    private readonly findModel: FindNode,
  ) {}

  @Query(() => BoardConnectionType, {
    nullable: true,
    complexity: listCost(10),
    description: 'Models that are not live yet, by demand, highest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async demandBoard(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<BoardConnectionType> {
    const size = checkPageSize(first);
    const entries = await this.board.list({ first: size + 1, after: parseBoardCursor(after) });
    const edges = entries.slice(0, size).map((entry) => ({
      cursor: toBoardCursor(entry),
      node: toBoardEntry(entry),
    }));
    return connectionOf(edges, { hasNextPage: entries.length > size, after });
  }

  @Query(() => ModelRequestConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'All requests for a model, oldest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async requestsForModel(
    @Arg('modelId', () => ID, { description: MODEL_ID }) modelId: string,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<ModelRequestConnectionType> {
    const size = checkPageSize(first);
    const start = decodeCount(after);
    const page = { first: size + 1, after: start };
    const requests = await this.board.requests(modelId as ModelId, page);
    const edges = requests.slice(0, size).map((request, row) => ({
      cursor: String(start + row + 1),
      node: request,
    }));
    return connectionOf(edges, { hasNextPage: requests.length > size, after });
  }

  @Mutation(() => PlanModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Sets the stage of a model, its expected launch date, and the early access and launch credit for its first requesters. For operators.',
  })
  @Access({ scope: 'operator' })
  async planModel(
    @InputArg(() => PlanModelInput) { modelId, ...input }: PlanModelInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<PlanModelPayload> {
    return { entry: toBoardEntry(await this.board.plan(actor, modelId, toChanges(input))) };
  }

  @Mutation(() => CommentOnModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Adds a comment to a model on the demand board. For operators.',
  })
  @Access({ scope: 'operator' })
  async commentOnModel(
    @InputArg(() => CommentOnModelInput) { modelId, text }: CommentOnModelInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<CommentOnModelPayload> {
    return { entry: toBoardEntry(await this.board.comment(actor, modelId, text)) };
  }

  @Mutation(() => AcceptProposedModelPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Announces a PROPOSED model as COMING_SOON. For operators.',
  })
  @Access({ scope: 'operator' })
  async acceptProposedModel(
    @InputArg(() => AcceptProposedModelInput) { modelId }: AcceptProposedModelInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<AcceptProposedModelPayload> {
    return { entry: toBoardEntry(await this.board.accept(actor, modelId)) };
  }

  @Mutation(() => MergeModelsPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Merges two entries for the same model: requests, comments and slugs of one move to the other. For operators.',
  })
  @Access({ scope: 'operator' })
  async mergeModels(
    @InputArg(() => MergeModelsInput) { goneId, intoId }: MergeModelsInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<MergeModelsPayload> {
    const entry = await this.board.merge(actor, goneId as ModelId, intoId as ModelId);
    return { entry: toBoardEntry(entry) };
  }

  @FieldResolver(() => ModelType, {
    complexity: LOOKUP_COST,
    description: 'Requested model, with its catalog page.',
  })
  model(
    @Root() { modelId }: BoardEntryType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): ReturnType<FindNode> {
    return this.findModel(modelId, context, info);
  }
}

function decodeCount(cursor: string | null | undefined): number {
  if (typeof cursor !== 'string') return 0;
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw foreignCursor();
}

function foreignCursor(): AppError {
  return new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
    details: { argument: 'after' },
  });
}
