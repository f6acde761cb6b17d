import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg, present } from '../graphql/input.js';
import { OpenBillingPortalInput } from './payments.input.js';
import {
  BuyCreditsPayload,
  OpenBillingPortalPayload,
  RefundPurchasePayload,
} from './payments.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext, mayOn } from '../graphql/context.js';
import { listCost } from '../graphql/cost.js';
import type { FindNode, FindOwned } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import { actorName } from '../platform/actor.js';
import { BuyCreditsInput, RefundPurchaseInput } from './buy-credits.input.js';
import type { PaymentsService } from './payments.service.js';
import type { Purchase } from './purchase.js';
import { PurchaseFilterInput } from './purchase-filter.input.js';
import {
  CreditPackType,
  toCreditPack,
  PurchaseConnectionType,
  PurchaseType,
  toPurchase,
} from './purchase.type.js';
import type { RefundsService } from './refunds.service.js';

/** What a call costs that asks Stripe. */
const STRIPE_COST = 20;

@Resolver(() => AccountType)
export class PaymentsResolver {
  constructor(
    private readonly payments: PaymentsService,
    private readonly refunds: RefundsService,
  ) {}

  /** For `node(id)`: purchases of accounts that the caller may read. */
  readonly findNode: FindNode = async (id, context) => {
    const purchase = await this.payments.findAny(id);
    const isTheirs = purchase !== undefined && mayOn(context, purchase.accountId, 'read');
    return isTheirs ? this.shown(purchase) : null;
  };

  /** What ledger entries refer to: purchases of an account that the caller may read. */
  readonly findOwned: FindOwned = async (accountId, ids) => {
    const found = await this.payments.findMany(accountId, ids);
    const refundable = await this.refunds.refundable(accountId, found);
    return found.map((purchase) => toPurchase(purchase, refundable.get(purchase.id) ?? 0n));
  };

  @Query(() => [CreditPackType], {
    nullable: true,
    complexity: ({ childComplexity }) => 10 + childComplexity,
    description: 'Credit packs for sale, with their prices.',
  })
  @Access({ scope: 'public' })
  creditPacks(): readonly CreditPackType[] {
    return this.payments.packs().map(toCreditPack);
  }

  @FieldResolver(() => PurchaseConnectionType, {
    nullable: true,
    complexity: listCost(1),
    description: 'Purchases of the account, newest first.',
  })
  @Access({ scope: 'read' })
  async purchases(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Arg('filter', () => PurchaseFilterInput, {
      nullable: true,
      description: 'Conditions that purchases must meet; omit for all purchases.',
    })
    filter: PurchaseFilterInput | null | undefined,
    @Root() { id }: AccountType,
  ): Promise<PurchaseConnectionType> {
    const size = checkPageSize(first);
    const page = { first: size + 1, after: after ?? undefined, filter: present(filter ?? {}) };
    const purchases = await this.payments.list(id, page);
    const shown = purchases.slice(0, size);
    const refundable = await this.refunds.refundable(id, shown);
    const edges = shown.map((purchase) => ({
      cursor: purchase.id,
      node: toPurchase(purchase, refundable.get(purchase.id) ?? 0n),
    }));
    return connectionOf(edges, { hasNextPage: purchases.length > size, after });
  }

  @Mutation(() => BuyCreditsPayload, {
    nullable: true,
    complexity: STRIPE_COST,
    description: 'Creates a purchase. Redirect the customer to its `checkoutUrl` to pay.',
  })
  @Access({ scope: 'billing' })
  async buyCredits(
    @InputArg(() => BuyCreditsInput)
    { pack, amount, currency, saveCard, idempotencyKey }: BuyCreditsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<BuyCreditsPayload> {
    const actor = actorName(context.actor);
    const order = { pack, amount, currency, saveCard, idempotencyKey };
    return {
      purchase: await this.shown(
        await this.payments.buy({ ...order, accountId: accountOf(context), actor }),
      ),
    };
  }

  @Mutation(() => OpenBillingPortalPayload, {
    nullable: true,
    complexity: STRIPE_COST,
    description: 'Creates a session of the billing portal, where cards and invoices are managed.',
  })
  @Access({ scope: 'billing' })
  async openBillingPortal(
    @InputArg(() => OpenBillingPortalInput) _input: OpenBillingPortalInput,
    @Ctx() context: GraphQLContext,
  ): Promise<OpenBillingPortalPayload> {
    return { url: await this.payments.openPortal(accountOf(context)) };
  }

  @Mutation(() => RefundPurchasePayload, {
    nullable: true,
    complexity: STRIPE_COST,
    description: 'Refunds unspent credit of a purchase. For operators.',
  })
  @Access({ scope: 'operator' })
  async refundPurchase(
    @InputArg(() => RefundPurchaseInput)
    { purchaseId, amount, reason, idempotencyKey }: RefundPurchaseInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<RefundPurchasePayload> {
    const purchase = await this.refunds.refund({
      purchaseId,
      amount,
      reason,
      idempotencyKey,
      by: actor,
    });
    return { purchase: await this.shown(purchase) };
  }

  private async shown(purchase: Purchase): Promise<PurchaseType> {
    const refundable = await this.refunds.refundable(purchase.accountId, [purchase]);
    return toPurchase(purchase, refundable.get(purchase.id) ?? 0n);
  }
}
