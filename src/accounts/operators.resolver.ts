import { Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { SetOperatorInput } from './operators.input.js';
import { SetOperatorPayload } from './operators.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { UserType } from './user.type.js';
import type { AccountsService } from './accounts.service.js';

/** Who runs the platform. */
@Resolver()
export class OperatorsResolver {
  constructor(private readonly accounts: AccountsService) {}

  @Query(() => [UserType], {
    nullable: true,
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: 'Operators of the platform, by email address. For operators.',
  })
  @Access({ scope: 'operator' })
  operators(): Promise<readonly UserType[]> {
    return this.accounts.operators();
  }

  @Mutation(() => SetOperatorPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Grants or revokes operator rights. The last operator cannot be removed. Safe to repeat. For operators.',
  })
  @Access({ scope: 'operator' })
  async setOperator(
    @InputArg(() => SetOperatorInput) { email, isOperator }: SetOperatorInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<SetOperatorPayload> {
    await this.accounts.setOperator(email, isOperator, actor);
    return { operators: await this.accounts.operators() };
  }
}
