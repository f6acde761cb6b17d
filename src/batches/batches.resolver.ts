import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import { Ctx, FieldResolver, Info, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { AccountType } from '../graphql/account.type.js';
import { type GraphQLContext, mayOn } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { NanoUSD } from '../graphql/scalars.js';
import { FileType } from '../inference/index.js';
import type { BatchId } from '../platform/ids.js';
import { perContext } from '../platform/per-context.js';
import type { BatchProgress } from './batch.js';
import { BatchConnectionType, BatchLinesType, BatchType, toLines } from './batch.type.js';
import type { BatchesService } from './batches.service.js';

@Resolver(() => AccountType)
export class BatchesResolver {
  constructor(private readonly service: Pick<BatchesService, 'findAny' | 'list'>) {}

  /** For `node(id)`: batches of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const batch = await this.service.findAny(id);
    return batch !== undefined && mayOn(context, batch.accountId, 'read') ? batch : null;
  };

  @FieldResolver(() => BatchConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Batches of the account, newest first.',
  })
  @Access({ scope: 'read' })
  async batches(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Root() { id }: AccountType,
  ): Promise<BatchConnectionType> {
    const size = checkPageSize(first);
    const found = await this.service.list(id, { first: size + 1, after: after ?? undefined });
    const edges = found.slice(0, size).map((batch) => ({ cursor: batch.id, node: batch }));
    return connectionOf(edges, { hasNextPage: found.length > size, after });
  }
}

/** Cost of a field that counts the lines of a batch. */
const PROGRESS_COST = 10;

/** How far a batch is: counted only when it is asked for, in one statement for all batches of a request. */
@Resolver(() => BatchType)
export class BatchProgressResolver {
  private readonly loader: (context: object) => DataLoader<BatchId, BatchProgress>;

  constructor(batches: Pick<BatchesService, 'progressOf'>) {
    this.loader = perContext(
      () => new DataLoader(async (ids) => batches.progressOf(ids), { cache: false }),
    );
  }

  @FieldResolver(() => BatchLinesType, {
    complexity: PROGRESS_COST,
    description: 'Progress of the batch, by line.',
  })
  async lines(@Root() { id }: BatchType, @Ctx() context: GraphQLContext): Promise<BatchLinesType> {
    return toLines((await this.loader(context).load(id)).lines);
  }

  @FieldResolver(() => NanoUSD, {
    complexity: PROGRESS_COST,
    description: 'Credit reserved for lines that have not ended.',
  })
  async heldNanos(@Root() { id }: BatchType, @Ctx() context: GraphQLContext): Promise<bigint> {
    return (await this.loader(context).load(id)).heldNanos;
  }

  @FieldResolver(() => NanoUSD, {
    complexity: PROGRESS_COST,
    description: 'Amount charged so far.',
  })
  async chargedNanos(@Root() { id }: BatchType, @Ctx() context: GraphQLContext): Promise<bigint> {
    return (await this.loader(context).load(id)).chargedNanos;
  }
}

/** What a batch refers to. */
@Resolver(() => BatchType)
export class BatchFilesResolver {
  constructor(private readonly findFile: FindNode) {}

  @FieldResolver(() => FileType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Input file; null if it has been deleted.',
  })
  inputFile(
    @Root() { inputFileId }: BatchType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): ReturnType<FindNode> {
    return this.findFile(inputFileId, context, info);
  }

  @FieldResolver(() => FileType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'File of results; null if there are none, yet or any more.',
  })
  outputFile(
    @Root() { outputFileId }: BatchType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): ReturnType<FindNode> {
    return this.findFile(outputFileId, context, info);
  }

  @FieldResolver(() => FileType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'File of errors; null if there are none, yet or any more.',
  })
  errorFile(
    @Root() { errorFileId }: BatchType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): ReturnType<FindNode> {
    return this.findFile(errorFileId, context, info);
  }
}
