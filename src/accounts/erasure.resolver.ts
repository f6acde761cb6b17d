import { GraphQLJSONObject } from 'graphql-scalars';
import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { ErasureService } from './erasure.service.js';
import { AcknowledgementType, DONE } from './session.type.js';

const GIVE_UP = {
  defaultValue: false,
  description: 'Must be said when a personal account has credit left.',
} as const;

@Resolver()
export class ErasureResolver {
  constructor(private readonly erasure: ErasureService) {}

  @Query(() => GraphQLJSONObject, {
    complexity: 100,
    description:
      'All that is known of you as a person: what you said about yourself, how and where you sign in, your accounts, what you did (the 10,000 newest events), what was mailed to you, and what you asked for. Runs, the ledger and purchases belong to accounts, and have queries and exports of their own.',
  })
  @Access({ scope: 'session' })
  personalData(@Ctx() context: GraphQLContext): Promise<Readonly<Record<string, unknown>>> {
    return this.erasure.personalData(userOf(context));
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description:
      'Deletes you for good: name, address, sessions, ways to sign in, memberships and mails. Your personal account is closed; its ledger, runs and purchases stay, under an id that is nobody’s any more. Cannot be undone. Needs a recent proof that it is you (`confirmIdentity`).',
  })
  @Access({ scope: 'session' })
  async eraseMe(
    @Arg('email', () => String, { description: 'Your address, so that nobody does it by mistake.' })
    email: string,
    @Arg('giveUpCredit', () => Boolean, GIVE_UP) giveUpCredit: boolean,
    @Ctx() context: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.erasure.eraseSelf(context.actor, userOf(context), { email, giveUpCredit });
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Deletes a person for good, as `eraseMe` does. For operators.',
  })
  @Access({ scope: 'operator' })
  async erasePerson(
    @Arg('email', () => String, { description: 'The address that the person signed up with.' })
    email: string,
    @Arg('giveUpCredit', () => Boolean, GIVE_UP) giveUpCredit: boolean,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.erasure.eraseByOperator(actor, email, giveUpCredit);
    return DONE;
  }
}
