import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { RedeemPromoCodeInput, DisablePromoCodeInput } from './promos.input.js';
import {
  RedeemPromoCodePayload,
  CreatePromoCodePayload,
  DisablePromoCodePayload,
} from './promos.payload.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import { checkPageSize, PAGE_SIZE_DEFAULT } from '../graphql/pagination.js';
import { CreatePromoCodeInput, ManagedPromoCodeType } from './promo-code.type.js';
import type { PromosService } from './promos.service.js';

/** Codes that give credit. */
@Resolver()
export class PromosResolver {
  constructor(private readonly promos: PromosService) {}

  @Mutation(() => RedeemPromoCodePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Redeems a promo code and grants its credit, once per account and person: the code itself makes retries safe.',
  })
  @Access({ scope: 'billing' })
  async redeemPromoCode(
    @InputArg(() => RedeemPromoCodeInput) { code }: RedeemPromoCodeInput,
    @Ctx() context: GraphQLContext,
  ): Promise<RedeemPromoCodePayload> {
    return { promoCode: await this.promos.redeem(context.actor, accountOf(context), code) };
  }

  @Mutation(() => CreatePromoCodePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Creates a promo code. For operators.',
  })
  @Access({ scope: 'operator' })
  async createPromoCode(
    @InputArg(() => CreatePromoCodeInput)
    { code, nanos, creditDays, redemptionsMax, expiresAt }: CreatePromoCodeInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<CreatePromoCodePayload> {
    const limits = { redemptionsMax, creditDays: creditDays ?? null, expiresAt: expiresAt ?? null };
    return { promoCode: await this.promos.create({ code, nanos, ...limits }, actor) };
  }

  @Query(() => [ManagedPromoCodeType], {
    nullable: true,
    complexity: listCost(1),
    description: 'Promo codes, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async promoCodes(
    @Arg('first', () => Int, {
      defaultValue: PAGE_SIZE_DEFAULT,
      description: 'Number of promo codes to return, 1 to 100.',
    })
    first: number,
    @Arg('after', () => String, { nullable: true, description: 'Promo code to start after.' })
    after: string | undefined,
  ): Promise<readonly ManagedPromoCodeType[]> {
    const page = { first: checkPageSize(first), after: after ?? undefined };
    return this.promos.list(page);
  }

  @Mutation(() => DisablePromoCodePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Disables a promo code, which can no longer be redeemed. Safe to repeat. For operators.',
  })
  @Access({ scope: 'operator' })
  async disablePromoCode(
    @InputArg(() => DisablePromoCodeInput) { code }: DisablePromoCodeInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<DisablePromoCodePayload> {
    return { promoCode: await this.promos.disable(actor, code) };
  }
}
