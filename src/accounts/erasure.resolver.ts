import { GraphQLJSONObject } from 'graphql-scalars';
import { Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { EraseMeInput, ErasePersonInput } from './erasure.input.js';
import { EraseMePayload, ErasePersonPayload } from './erasure.payload.js';
import { type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { ErasureService } from './erasure.service.js';

@Resolver()
export class ErasureResolver {
  constructor(private readonly erasure: ErasureService) {}

  @Query(() => GraphQLJSONObject, {
    nullable: true,
    complexity: 100,
    description:
      'Personal data stored about you: profile, sign-in methods and sessions, accounts, the 10,000 most recent events, emails and model requests. Runs, ledger entries and purchases belong to accounts and have their own queries and exports.',
  })
  @Access({ scope: 'session' })
  personalData(@Ctx() context: GraphQLContext): Promise<Readonly<Record<string, unknown>>> {
    return this.erasure.personalData(userOf(context));
  }

  @Mutation(() => EraseMePayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Permanently deletes your user: name, email address, sessions, sign-in methods, memberships and emails. Closes your personal account; its ledger, runs and purchases are kept under an anonymous ID. Irreversible. Requires a recent `confirmIdentity`.',
  })
  @Access({ scope: 'session' })
  async eraseMe(
    @InputArg(() => EraseMeInput) { email, giveUpCredit }: EraseMeInput,
    @Ctx() context: GraphQLContext,
  ): Promise<EraseMePayload> {
    await this.erasure.eraseSelf(context.actor, userOf(context), { email, giveUpCredit });
    return {};
  }

  @Mutation(() => ErasePersonPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Permanently deletes a user, like `eraseMe`. For operators.',
  })
  @Access({ scope: 'operator' })
  async erasePerson(
    @InputArg(() => ErasePersonInput) { email, giveUpCredit }: ErasePersonInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ErasePersonPayload> {
    await this.erasure.eraseByOperator(actor, email, giveUpCredit);
    return {};
  }
}
