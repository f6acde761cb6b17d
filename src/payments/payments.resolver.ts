import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { AfterArg, checkPageSize, connectionOf, FirstArg } from '../graphql/pagination.js';
import type { CreditsService } from '../credits/index.js';
import { actorName } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import { BuyCreditsInput, RefundPurchaseInput } from './buy-credits.input.js';
import type { PaymentsService } from './payments.service.js';
import type { Purchase } from './purchase.js';
import {
  CreditPackType,
  toCreditPack,
  PaymentPageType,
  PurchaseConnectionType,
  PurchaseType,
  toPurchase,
} from './purchase.type.js';
import type { RefundsService } from './refunds.service.js';

/** What a call costs that asks Stripe. */
const STRIPE_COST = 20;

@Resolver()
export class PaymentsResolver {
  /** @param credits knows which accounts there are */
  constructor(
    private readonly payments: PaymentsService,
    private readonly refunds: RefundsService,
    private readonly credits: Pick<CreditsService, 'balance'>,
  ) {}

  /** For `node(id)`: the caller's own purchases. */
  readonly findNode: FindNode = async (id, { actor: { accountId, scopes } }) => {
    if (accountId === undefined || !scopes.has('read')) return null;
    const purchase = await this.payments.find(accountId, id);
    return purchase === undefined ? null : this.shown(purchase);
  };

  @Query(() => [CreditPackType], {
    complexity: ({ childComplexity }) => 10 + childComplexity,
    description: 'What credit is sold, and for how much.',
  })
  @Access({ scope: 'public' })
  creditPacks(): readonly CreditPackType[] {
    return this.payments.packs().map(toCreditPack);
  }

  @Query(() => PurchaseType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'One of the account’s purchases; null when it has no such one.',
  })
  @Access({ scope: 'read' })
  async purchase(
    @Arg('id', () => ID, { description: '"pur_…".' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<PurchaseType | null> {
    const purchase = await this.payments.find(accountOf(context), id);
    return purchase === undefined ? null : this.shown(purchase);
  }

  @Query(() => PurchaseConnectionType, {
    complexity: listCost(1),
    description: 'The account’s purchases, newest first.',
  })
  @Access({ scope: 'read' })
  async purchases(
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<PurchaseConnectionType> {
    return this.page(accountOf(context), first, after);
  }

  @Query(() => PurchaseConnectionType, {
    complexity: listCost(1),
    description: 'An account’s purchases, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async accountPurchases(
    @Arg('accountId', () => ID, { description: 'Any account.' })
    accountId: string,
    @FirstArg() first: number,
    @AfterArg() after: string | undefined,
  ): Promise<PurchaseConnectionType> {
    await this.credits.balance(accountId as AccountId);
    return this.page(accountId as AccountId, first, after);
  }

  @Mutation(() => PurchaseType, {
    complexity: STRIPE_COST,
    description: 'Begins to buy credit: send the person to `checkoutUrl`, where it is paid.',
  })
  @Access({ scope: 'billing' })
  async buyCredits(
    @Arg('input', () => BuyCreditsInput, { description: 'What to buy.' })
    { pack, amount, currency, saveCard, idempotencyKey }: BuyCreditsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<PurchaseType> {
    const actor = actorName(context.actor);
    const order = { pack, amount, currency, saveCard, idempotencyKey };
    return this.shown(await this.payments.buy({ ...order, accountId: accountOf(context), actor }));
  }

  @Mutation(() => PaymentPageType, {
    complexity: STRIPE_COST,
    description: 'Opens a page with the account’s cards and invoices.',
  })
  @Access({ scope: 'billing' })
  async openBillingPortal(@Ctx() context: GraphQLContext): Promise<PaymentPageType> {
    return { url: await this.payments.openPortal(accountOf(context)) };
  }

  @Mutation(() => PurchaseType, {
    complexity: STRIPE_COST,
    description: 'Gives money back for credit that was not spent. For operators.',
  })
  @Access({ scope: 'operator' })
  async refundPurchase(
    @Arg('input', () => RefundPurchaseInput, { description: 'What to give back.' })
    { purchaseId, amount, reason, idempotencyKey }: RefundPurchaseInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<PurchaseType> {
    const purchase = await this.refunds.refund({
      purchaseId,
      amount,
      reason,
      idempotencyKey,
      by: actor,
    });
    return this.shown(purchase);
  }

  private async page(
    accountId: AccountId,
    first: number,
    after: string | undefined,
  ): Promise<PurchaseConnectionType> {
    const size = checkPageSize(first);
    const page = { first: size + 1, after: after ?? undefined };
    const purchases = await this.payments.list(accountId, page);
    const shown = purchases.slice(0, size);
    const refundable = await this.refunds.refundable(accountId, shown);
    const edges = shown.map((purchase) => ({
      cursor: purchase.id,
      node: toPurchase(purchase, refundable.get(purchase.id) ?? 0n),
    }));
    return connectionOf(edges, { hasNextPage: purchases.length > size, after });
  }

  private async shown(purchase: Purchase): Promise<PurchaseType> {
    const refundable = await this.refunds.refundable(purchase.accountId, [purchase]);
    return toPurchase(purchase, refundable.get(purchase.id) ?? 0n);
  }
}
