import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { AppError } from '../errors.js';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { actorName } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import type { CreditsService } from './credits.service.js';
import {
  BalanceType,
  CreditLotType,
  CreditMovementType,
  LedgerEntryConnectionType,
  toLedgerEntry,
} from './ledger.type.js';
import { versionOf } from './movement.js';
import { AdjustCreditsInput, GrantCreditsInput } from './move-credits.input.js';

@Resolver()
export class CreditsResolver {
  constructor(private readonly credits: CreditsService) {}

  /** For `node(id)`: entries of the caller's own account. */
  readonly findNode: FindNode = async (id, { actor: { accountId, scopes } }) => {
    if (accountId === undefined || !scopes.has('read')) return null;
    const version = versionOf(id, accountId);
    if (version === undefined) return null;
    const page = { first: 1, before: version + 1n };
    const [entry] = await this.credits.entries(accountId, page);
    return entry?.version === version ? toLedgerEntry(accountId, entry) : null;
  };

  @Query(() => BalanceType, {
    complexity: LOOKUP_COST,
    description: 'The caller’s account’s credit.',
  })
  @Access({ scope: 'read' })
  balance(@Ctx() context: GraphQLContext): Promise<BalanceType> {
    return this.credits.balance(accountOf(context));
  }

  @Query(() => [CreditLotType], {
    complexity: ({ childComplexity }) => 10 + childComplexity,
    description: 'The account’s credit by origin, in the order in which it is spent.',
  })
  @Access({ scope: 'read' })
  async creditLots(@Ctx() context: GraphQLContext): Promise<readonly CreditLotType[]> {
    return this.credits.lots(accountOf(context));
  }

  @Query(() => LedgerEntryConnectionType, {
    complexity: listCost(1),
    description: 'Every movement of the account’s credit, newest first.',
  })
  @Access({ scope: 'read' })
  async ledger(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<LedgerEntryConnectionType> {
    return this.page(accountOf(context), first, after);
  }

  @Query(() => LedgerEntryConnectionType, {
    complexity: listCost(1),
    description: 'Every movement of an account’s credit, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async accountLedger(
    @Arg('accountId', () => ID, { description: 'Any account.' })
    accountId: string,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<LedgerEntryConnectionType> {
    await this.credits.balance(accountId as AccountId);
    return this.page(accountId as AccountId, first, after);
  }

  private async page(
    accountId: AccountId,
    first: number,
    after: string | undefined,
  ): Promise<LedgerEntryConnectionType> {
    const size = checkPageSize(first);
    const entries = await this.credits.entries(accountId, {
      first: size + 1,
      before: decodeVersion(after),
    });
    const edges = entries.slice(0, size).map((entry) => ({
      cursor: String(entry.version),
      node: toLedgerEntry(accountId, entry),
    }));
    return connectionOf(edges, { hasNextPage: entries.length > size, after });
  }

  @Mutation(() => CreditMovementType, {
    complexity: LOOKUP_COST,
    description: 'Gives an account credit. For operators.',
  })
  @Access({ scope: 'operator' })
  async grantCredits(
    @Arg('input', () => GrantCreditsInput, { description: 'What to give.' })
    { idempotencyKey, ...input }: GrantCreditsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreditMovementType> {
    const accountId = input.accountId as AccountId;
    const { actor } = context;
    const transactionId = await this.credits.grant({
      ...input,
      accountId,
      id: idempotencyKey && `grant:${accountId}:${idempotencyKey}`,
      actor: actorName(actor),
      by: actor,
    });
    return { transactionId, balance: await this.credits.balance(accountId) };
  }

  @Mutation(() => CreditMovementType, {
    complexity: LOOKUP_COST,
    description: 'Corrects an account’s credit by an entry with a reason. For operators.',
  })
  @Access({ scope: 'operator' })
  async adjustCredits(
    @Arg('input', () => AdjustCreditsInput, { description: 'What to correct.' })
    { idempotencyKey, ...input }: AdjustCreditsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CreditMovementType> {
    const accountId = input.accountId as AccountId;
    const { actor } = context;
    const transactionId = await this.credits.adjust({
      ...input,
      accountId,
      id: idempotencyKey && `adj:${accountId}:${idempotencyKey}`,
      actor: actorName(actor),
      by: actor,
    });
    return { transactionId, balance: await this.credits.balance(accountId) };
  }
}

/** A cursor of this list is a version. @throws AppError BAD_USER_INPUT */
function decodeVersion(cursor: string | undefined | null): bigint | undefined {
  if (typeof cursor !== 'string') return undefined;
  if (/^[1-9]\d{0,17}$/.test(cursor)) return BigInt(cursor);
  throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
    details: { argument: 'after' },
  });
}
