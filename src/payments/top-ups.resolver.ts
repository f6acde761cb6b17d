import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { actorName } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import type { PaymentsService } from './payments.service.js';
import { PaymentPageType } from './purchase.type.js';
import { AutoTopUpType, toAutoTopUp, SavedCardType, SetAutoTopUpInput } from './top-up.type.js';
import type { TopUpsService } from './top-ups.service.js';

@Resolver()
export class TopUpsResolver {
  constructor(
    private readonly topUps: TopUpsService,
    private readonly payments: PaymentsService,
  ) {}

  @Query(() => AutoTopUpType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'When the account buys credit by itself; null when it was never set.',
  })
  @Access({ scope: 'read' })
  autoTopUp(@Ctx() context: GraphQLContext): Promise<AutoTopUpType | null> {
    return this.shown(accountOf(context));
  }

  @Query(() => SavedCardType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'The card that automatic top-up charges; null when none is saved.',
  })
  @Access({ scope: 'read' })
  async savedCard(@Ctx() context: GraphQLContext): Promise<SavedCardType | null> {
    return (await this.topUps.find(accountOf(context))).card;
  }

  @Mutation(() => PaymentPageType, {
    complexity: 20,
    description: 'Opens a page where a card is saved, and nothing is charged.',
  })
  @Access({ scope: 'billing' })
  async saveCard(@Ctx() context: GraphQLContext): Promise<PaymentPageType> {
    return { url: await this.payments.openCardPage(accountOf(context)) };
  }

  @Mutation(() => AutoTopUpType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Switches automatic top-up on, or changes it. Needs a saved card.',
  })
  @Access({ scope: 'billing' })
  async setAutoTopUp(
    @Arg('input', () => SetAutoTopUpInput, { description: 'When, and how much.' })
    input: SetAutoTopUpInput,
    @Ctx() context: GraphQLContext,
  ): Promise<AutoTopUpType | null> {
    await this.topUps.set(accountOf(context), input, actorName(context.actor));
    return this.shown(accountOf(context));
  }

  @Mutation(() => AutoTopUpType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Switches automatic top-up off.',
  })
  @Access({ scope: 'billing' })
  async disableAutoTopUp(@Ctx() context: GraphQLContext): Promise<AutoTopUpType | null> {
    const accountId = accountOf(context);
    await this.topUps.disable(accountId, `Switched off by ${actorName(context.actor)}`);
    return this.shown(accountId);
  }

  private async shown(accountId: AccountId): Promise<AutoTopUpType | null> {
    const { policy, card, spentMinor } = await this.topUps.find(accountId);
    return policy === undefined ? null : toAutoTopUp(policy, card, spentMinor);
  }
}
