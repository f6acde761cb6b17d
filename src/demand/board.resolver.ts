import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, ID, Info, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ModelType } from '../catalog/index.js';
import { AppError } from '../errors.js';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { ModelId } from '../platform/ids.js';
import { parseBoardCursor, toBoardCursor } from './board-entry.js';
import type { BoardService } from './board.service.js';
import { BoardEntryType, toBoardEntry, BoardType } from './board.type.js';
import { ModelRequestConnectionType } from './model-request.type.js';
import { PlanModelInput, toChanges } from './plan-model.input.js';

const MODEL_ID = '"mdl_…".';

/** For operators. */
@Resolver(() => BoardEntryType)
export class BoardResolver {
  constructor(
    private readonly board: BoardService,
    private readonly findModel: FindNode,
  ) {}

  @Query(() => BoardType, {
    complexity: listCost(10),
    description: 'Models that are not live yet, those that are wanted most first. For operators.',
  })
  @Access({ scope: 'operator' })
  async demandBoard(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<BoardType> {
    const size = checkPageSize(first);
    const entries = await this.board.list({ first: size + 1, after: parseBoardCursor(after) });
    const edges = entries.slice(0, size).map((entry) => ({
      cursor: toBoardCursor(entry),
      node: toBoardEntry(entry),
    }));
    const { pageInfo } = connectionOf(edges, { hasNextPage: entries.length > size, after });
    return { entries: edges.map(({ node }) => node), pageInfo };
  }

  @Query(() => ModelRequestConnectionType, {
    complexity: listCost(1),
    description: 'Everybody who asks for a model, first come first. For operators.',
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

  @Mutation(() => BoardEntryType, {
    complexity: LOOKUP_COST,
    description:
      'Says how far a model is, when it is expected, and what its first callers get. For operators.',
  })
  @Access({ scope: 'operator' })
  async planModel(
    @Arg('modelId', () => ID, { description: MODEL_ID }) modelId: string,
    @Arg('input', () => PlanModelInput, { description: 'What is planned.' }) input: PlanModelInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<BoardEntryType> {
    return toBoardEntry(await this.board.plan(actor, modelId, toChanges(input)));
  }

  @Mutation(() => BoardEntryType, {
    complexity: LOOKUP_COST,
    description: 'Writes a comment on the board. For operators.',
  })
  @Access({ scope: 'operator' })
  async commentOnModel(
    @Arg('modelId', () => ID, { description: MODEL_ID }) modelId: string,
    @Arg('text', () => String, { description: '1 to 2,000 characters.' }) text: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<BoardEntryType> {
    return toBoardEntry(await this.board.comment(actor, modelId, text));
  }

  @Mutation(() => BoardEntryType, {
    complexity: LOOKUP_COST,
    description: 'A model that was proposed is announced as coming soon. For operators.',
  })
  @Access({ scope: 'operator' })
  async acceptProposedModel(
    @Arg('modelId', () => ID, { description: MODEL_ID }) modelId: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<BoardEntryType> {
    return toBoardEntry(await this.board.accept(actor, modelId));
  }

  @Mutation(() => BoardEntryType, {
    complexity: LOOKUP_COST,
    description:
      'Two entries stand for one model: the requests, comments and slugs of one go to the other. For operators.',
  })
  @Access({ scope: 'operator' })
  async mergeModels(
    @Arg('goneId', () => ID, { description: 'The one that goes.' }) goneId: string,
    @Arg('intoId', () => ID, { description: 'The one that stays.' }) intoId: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<BoardEntryType> {
    const entry = await this.board.merge(actor, goneId as ModelId, intoId as ModelId);
    return toBoardEntry(entry);
  }

  @FieldResolver(() => ModelType, { complexity: LOOKUP_COST, description: 'The model.' })
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
