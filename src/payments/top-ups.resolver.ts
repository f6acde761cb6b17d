import { Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { SaveCardInput, DisableAutoTopUpInput } from './top-ups.input.js';
import {
  SaveCardPayload,
  EnableAutoTopUpPayload,
  DisableAutoTopUpPayload,
} from './top-ups.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, type GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { actorName } from '../platform/actor.js';
import type { AccountId } from '../platform/ids.js';
import type { PaymentsService } from './payments.service.js';
import { AutoTopUpType, toAutoTopUp, SavedCardType, EnableAutoTopUpInput } from './top-up.type.js';
import type { TopUpsService } from './top-ups.service.js';

@Resolver(() => AccountType)
export class TopUpsResolver {
  constructor(
    private readonly topUps: TopUpsService,
    private readonly payments: PaymentsService,
  ) {}

  @FieldResolver(() => AutoTopUpType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Automatic top-up settings; null if never configured.',
  })
  @Access({ scope: 'read' })
  autoTopUp(@Root() { id }: AccountType): Promise<AutoTopUpType | null> {
    return this.shown(id);
  }

  @FieldResolver(() => SavedCardType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Card charged by automatic top-up; null if none is saved.',
  })
  @Access({ scope: 'read' })
  async savedCard(@Root() { id }: AccountType): Promise<SavedCardType | null> {
    return (await this.topUps.find(id)).card;
  }

  @Mutation(() => SaveCardPayload, {
    nullable: true,
    complexity: 20,
    description: 'Creates a page on which the customer saves a card; nothing is charged.',
  })
  @Access({ scope: 'billing' })
  async saveCard(
    @InputArg(() => SaveCardInput) _input: SaveCardInput,
    @Ctx() context: GraphQLContext,
  ): Promise<SaveCardPayload> {
    return { url: await this.payments.openCardPage(accountOf(context)) };
  }

  @Mutation(() => EnableAutoTopUpPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Enables automatic top-up or changes its settings. Requires a saved card.',
  })
  @Access({ scope: 'billing' })
  async enableAutoTopUp(
    @InputArg(() => EnableAutoTopUpInput)
    input: EnableAutoTopUpInput,
    @Ctx() context: GraphQLContext,
  ): Promise<EnableAutoTopUpPayload> {
    await this.topUps.set(accountOf(context), input, actorName(context.actor));
    return { autoTopUp: await this.shown(accountOf(context)) };
  }

  @Mutation(() => DisableAutoTopUpPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Disables automatic top-up.',
  })
  @Access({ scope: 'billing' })
  async disableAutoTopUp(
    @InputArg(() => DisableAutoTopUpInput) _input: DisableAutoTopUpInput,
    @Ctx() context: GraphQLContext,
  ): Promise<DisableAutoTopUpPayload> {
    const accountId = accountOf(context);
    await this.topUps.disable(accountId, `Switched off by ${actorName(context.actor)}`);
    return { autoTopUp: await this.shown(accountId) };
  }

  private async shown(accountId: AccountId): Promise<AutoTopUpType | null> {
    const { policy, card, spentMinor } = await this.topUps.find(accountId);
    return policy === undefined ? null : toAutoTopUp(policy, card, spentMinor);
  }
}
