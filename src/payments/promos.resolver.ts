import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import { checkPageSize, PAGE_SIZE_DEFAULT } from '../graphql/pagination.js';
import { CreatePromoCodeInput, ManagedPromoCodeType, PromoCodeType } from './promo-code.type.js';
import type { PromosService } from './promos.service.js';

/** Codes that give credit. */
@Resolver()
export class PromosResolver {
  constructor(private readonly promos: PromosService) {}

  @Mutation(() => PromoCodeType, {
    complexity: LOOKUP_COST,
    description: 'Takes the credit of a code, once for each account and each person.',
  })
  @Access({ scope: 'billing' })
  async redeemPromoCode(
    @Arg('code', () => String, { description: 'In any case.' }) code: string,
    @Ctx() context: GraphQLContext,
  ): Promise<PromoCodeType> {
    return await this.promos.redeem(context.actor, accountOf(context), code);
  }

  @Mutation(() => PromoCodeType, {
    complexity: LOOKUP_COST,
    description: 'Makes a code that gives credit. For operators.',
  })
  @Access({ scope: 'operator' })
  async createPromoCode(
    @Arg('input', () => CreatePromoCodeInput, { description: 'The code.' })
    { code, nanos, creditDays, redemptionsMax, expiresAt }: CreatePromoCodeInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<PromoCodeType> {
    const limits = { redemptionsMax, creditDays: creditDays ?? null, expiresAt: expiresAt ?? null };
    return await this.promos.create({ code, nanos, ...limits }, actor);
  }

  @Query(() => [ManagedPromoCodeType], {
    complexity: listCost(1),
    description: 'Codes that give credit, newest first. For operators.',
  })
  @Access({ scope: 'operator' })
  async promoCodes(
    @Arg('first', () => Int, {
      defaultValue: PAGE_SIZE_DEFAULT,
      description: 'How many, 1 to 100.',
    })
    first: number,
    @Arg('after', () => String, { nullable: true, description: 'The code before them.' })
    after: string | undefined,
  ): Promise<readonly ManagedPromoCodeType[]> {
    const page = { first: checkPageSize(first), after: after ?? undefined };
    return this.promos.list(page);
  }

  @Mutation(() => ManagedPromoCodeType, {
    complexity: LOOKUP_COST,
    description: 'Ends a code: nobody can use it any more. May be repeated. For operators.',
  })
  @Access({ scope: 'operator' })
  async disablePromoCode(
    @Arg('code', () => String, { description: 'In any case.' }) code: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ManagedPromoCodeType> {
    return await this.promos.disable(actor, code);
  }
}
