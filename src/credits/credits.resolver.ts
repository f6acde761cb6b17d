import { Arg, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { AppError } from '../errors.js';
import { Access } from '../graphql/access.js';
import { InputArg, present } from '../graphql/input.js';
import { GrantCreditsPayload, AdjustCreditsPayload } from './credits.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { getAccount, type GraphQLContext, mayOn } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode, NodeSources } from '../graphql/node.resolver.js';
import { NodeType } from '../graphql/node.type.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { actorName } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import { createCauseLoader, type LoadCause } from './cause.loaders.js';
import { type CreditLoaders, createCreditLoaders } from './credits.loaders.js';
import type { CreditsService } from './credits.service.js';
import {
  BalanceType,
  CreditLotConnectionType,
  CreditLotType,
  LedgerEntryConnectionType,
  toCreditLot,
  ledgerIdOfLot,
  LedgerEntryType,
  toLedgerEntry,
} from './ledger.type.js';
import { LedgerFilterInput } from './ledger-filter.input.js';
import { type Balance, causeIdOf, parseEntryId } from './movement.js';
import { AdjustCreditsInput, GrantCreditsInput } from './move-credits.input.js';

/** One whose balance was read already, as by a subscription. */
class AccountWithBalance extends AccountType {
  readonly balance?: Balance;
}

@Resolver(() => AccountType)
export class CreditsResolver {
  private readonly loaders: (context: object) => CreditLoaders;

  constructor(private readonly credits: CreditsService) {
    this.loaders = createCreditLoaders(credits);
  }

  /** For `node(id)`: entries of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const named = parseEntryId(id);
    if (named === undefined || !mayOn(context, named.accountId, 'read')) return null;
    const { accountId, version } = named;
    const page = { first: 1, before: version + 1n };
    const [entry] = await this.credits.entries(accountId, page);
    return entry?.version === version ? toLedgerEntry(accountId, entry) : null;
  };

  /** For `node(id)`: lots of accounts that the caller may read. */
  readonly findLotNode: FindNode = async (id, context) => {
    const lotId = ledgerIdOfLot(id);
    const lot = lotId === undefined ? undefined : (await this.credits.findLots([lotId])).get(lotId);
    return lot !== undefined && mayOn(context, lot.accountId, 'read') ? toCreditLot(lot) : null;
  };

  @FieldResolver(() => BalanceType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Credit balance of the account.',
  })
  @Access({ scope: 'read' })
  async balance(
    @Root() { id, balance }: AccountWithBalance,
    @Ctx() context: GraphQLContext,
  ): Promise<BalanceType | null> {
    return balance ?? (await this.loaders(context).balance.load(id)) ?? null;
  }

  @FieldResolver(() => CreditLotConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Credit lots of the account with credit left, in spending order.',
  })
  @Access({ scope: 'read' })
  async creditLots(
    @FirstArg() first: number,
    @AfterArg() after: string | null | undefined,
    @Root() { id }: AccountType,
  ): Promise<CreditLotConnectionType> {
    const size = checkPageSize(first);
    const lots = await this.credits.lots(id, { first: size + 1, after: decodeLot(after) });
    const edges = lots
      .slice(0, size)
      .map(toCreditLot)
      .map((node) => ({ cursor: Buffer.from(node.id).toString('base64url'), node }));
    return connectionOf(edges, { hasNextPage: lots.length > size, after });
  }

  @FieldResolver(() => LedgerEntryConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Ledger entries of the account, newest first.',
  })
  @Access({ scope: 'read' })
  async ledger(
    @FirstArg() first: number,
    @AfterArg() after: string | null | undefined,
    @Arg('filter', () => LedgerFilterInput, {
      nullable: true,
      description: 'Conditions that entries must meet; omit for all entries.',
    })
    filter: LedgerFilterInput | null | undefined,
    @Root() { id: accountId }: AccountType,
  ): Promise<LedgerEntryConnectionType> {
    const size = checkPageSize(first);
    const entries = await this.credits.entries(accountId, {
      first: size + 1,
      before: decodeVersion(after),
      filter: present(filter ?? {}),
    });
    const edges = entries.slice(0, size).map((entry) => ({
      cursor: String(entry.version),
      node: toLedgerEntry(accountId, entry),
    }));
    return connectionOf(edges, { hasNextPage: entries.length > size, after });
  }

  @Mutation(() => GrantCreditsPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Grants credit to an account. For operators.',
  })
  @Access({ scope: 'operator' })
  async grantCredits(
    @InputArg(() => GrantCreditsInput)
    { idempotencyKey, ...input }: GrantCreditsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<GrantCreditsPayload> {
    const accountId = input.accountId as AccountId;
    const { actor } = context;
    const transactionId = await this.credits.grant({
      ...input,
      accountId,
      id: transactionIdOf('grant', accountId, idempotencyKey),
      actor: actorName(actor),
      by: actor,
    });
    return { transactionId, account: getAccount(context, accountId) };
  }

  @Mutation(() => AdjustCreditsPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Adjusts the credit of an account with a ledger entry that states the reason. For operators.',
  })
  @Access({ scope: 'operator' })
  async adjustCredits(
    @InputArg(() => AdjustCreditsInput)
    { idempotencyKey, ...input }: AdjustCreditsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<AdjustCreditsPayload> {
    const accountId = input.accountId as AccountId;
    const { actor } = context;
    const transactionId = await this.credits.adjust({
      ...input,
      accountId,
      id: transactionIdOf('adj', accountId, idempotencyKey),
      actor: actorName(actor),
      by: actor,
    });
    return { transactionId, account: getAccount(context, accountId) };
  }
}

const IDEMPOTENCY_KEY_CHARS_MAX = 255;

/** Id of the transaction that a key stands for. @throws AppError BAD_USER_INPUT */
function transactionIdOf(kind: 'grant' | 'adj', accountId: AccountId, key: string): string {
  if (key.length >= 1 && key.length <= IDEMPOTENCY_KEY_CHARS_MAX) {
    return `${kind}:${accountId}:${key}`;
  }
  throw new AppError(
    'BAD_USER_INPUT',
    `\`idempotencyKey\` must have between 1 and ${String(IDEMPOTENCY_KEY_CHARS_MAX)} characters.`,
    { details: { argument: 'idempotencyKey' } },
  );
}

/** A cursor of this list is a version. @throws AppError BAD_USER_INPUT */
function decodeVersion(cursor: string | undefined | null): bigint | undefined {
  if (typeof cursor !== 'string') return undefined;
  if (/^[1-9]\d{0,17}$/.test(cursor)) return BigInt(cursor);
  throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
    details: { argument: 'after' },
  });
}

/** A cursor of the list of lots is the id of one. @throws AppError BAD_USER_INPUT */
function decodeLot(cursor: string | undefined | null): string | undefined {
  if (typeof cursor !== 'string') return undefined;
  const id = ledgerIdOfLot(Buffer.from(cursor, 'base64url').toString());
  if (id !== undefined && !id.includes('\0')) return id;
  throw new AppError('BAD_USER_INPUT', 'The cursor does not belong to this list.', {
    details: { argument: 'after' },
  });
}

/** What an entry refers to. */
@Resolver(() => LedgerEntryType)
export class LedgerEntryResolver {
  private readonly loaders: (context: object) => CreditLoaders;
  private readonly causes: LoadCause;

  constructor(credits: CreditsService, nodes: NodeSources) {
    this.loaders = createCreditLoaders(credits);
    this.causes = createCauseLoader(nodes);
  }

  @FieldResolver(() => NodeType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Run or purchase that caused the entry; null for grants, adjustments and expired credit.',
  })
  async cause(
    @Root() entry: LedgerEntryType,
    @Ctx() context: GraphQLContext,
  ): Promise<NodeType | null> {
    const id = causeIdOf(entry);
    return id === undefined ? null : this.causes(context).load({ id, accountId: entry.accountId });
  }

  @FieldResolver(() => CreditLotType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Credit lot credited or debited; null for debt.',
  })
  async lot(
    @Root() { lotId }: LedgerEntryType,
    @Ctx() context: GraphQLContext,
  ): Promise<CreditLotType | null> {
    if (lotId === null) return null;
    const lot = await this.loaders(context).lot.load(lotId);
    return lot === undefined ? null : toCreditLot(lot);
  }
}
