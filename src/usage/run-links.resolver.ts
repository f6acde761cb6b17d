import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import { Ctx, FieldResolver, Info, Resolver, Root } from 'type-graphql';
import { ApiKeyType, type KeyLoaders, type LoadUser, UserType } from '../accounts/index.js';
import { ModelType, PriceVersionType } from '../catalog/index.js';
import { type LedgerEntriesService, LedgerEntryType, toLedgerEntry } from '../credits/index.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { isUserId } from '../platform/ids.js';
import { perContext } from '../platform/per-context.js';
import { ChargedUnitType, RunType } from './run.type.js';

/** How what runs name is found; each gathers what one request asks for. */
export interface RunLinks {
  readonly findModel: FindNode;
  readonly findPriceVersion: (id: string, context: object) => Promise<PriceVersionType | null>;
  readonly keys: (context: object) => KeyLoaders;
  readonly loadUser: LoadUser;
  readonly ledgerEntries: Pick<LedgerEntriesService, 'ofTransactions'>;
}

/** What a run refers to. */
@Resolver(() => RunType)
export class RunLinksResolver {
  private readonly entries: (
    context: object,
  ) => DataLoader<string, Parameters<typeof toLedgerEntry>[1][]>;

  constructor(private readonly links: RunLinks) {
    this.entries = perContext(
      () =>
        new DataLoader(
          async (ids) => {
            const found = await links.ledgerEntries.ofTransactions([...new Set(ids)]);
            return ids.map((id) => [...(found.get(id) ?? [])]);
          },
          { cache: false },
        ),
    );
  }

  @FieldResolver(() => ModelType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Model that was called, under its current name; null if it no longer exists.',
  })
  async model(
    @Root() { modelSlug }: RunType,
    @Ctx() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Awaited<ReturnType<FindNode>>> {
    return modelSlug === null ? null : this.links.findModel(modelSlug, context, info);
  }

  @FieldResolver(() => ApiKeyType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'API key that made the call; null if a signed-in user did.',
  })
  async apiKey(
    @Root() { keyId }: RunType,
    @Ctx() context: GraphQLContext,
  ): Promise<ApiKeyType | null> {
    return keyId === null ? null : ((await this.links.keys(context).key.load(keyId)) ?? null);
  }

  @FieldResolver(() => UserType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'User who made the call or created the API key used; null if they are gone or not visible to the caller.',
  })
  async calledBy(
    @Root() { keyId, userId }: RunType,
    @Ctx() context: GraphQLContext,
  ): Promise<UserType | null> {
    const key = keyId === null ? undefined : await this.links.keys(context).key.load(keyId);
    const id = userId ?? key?.createdBy ?? '';
    return isUserId(id) ? this.links.loadUser(context, id) : null;
  }

  @FieldResolver(() => [LedgerEntryType], {
    complexity: ({ childComplexity }) => 2 + childComplexity,
    description: 'Ledger entries that charged the call; empty if it was free or failed.',
  })
  async ledgerEntries(
    @Root() { id, accountId, chargedNanos }: RunType,
    @Ctx() context: object,
  ): Promise<LedgerEntryType[]> {
    if (chargedNanos === 0n) return [];
    return (await this.entries(context).load(id)).map((entry) => toLedgerEntry(accountId, entry));
  }
}

/** What a charge refers to. */
@Resolver(() => ChargedUnitType)
export class ChargedUnitResolver {
  constructor(private readonly links: Pick<RunLinks, 'findPriceVersion'>) {}

  @FieldResolver(() => PriceVersionType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Price version in effect when the call started.',
  })
  priceVersion(
    @Root() { priceVersionId }: ChargedUnitType,
    @Ctx() context: object,
  ): Promise<PriceVersionType | null> {
    return this.links.findPriceVersion(priceVersionId, context);
  }
}
