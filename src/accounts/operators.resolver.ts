import { Arg, Ctx, Field, ID, Mutation, ObjectType, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { AccountsService } from './accounts.service.js';

@ObjectType('Operator', { description: 'Somebody who runs the platform.' })
class OperatorType {
  @Field(() => ID, { description: '"usr_…".' })
  readonly id!: string;

  @Field(() => String, { description: 'Address to sign in with.' })
  readonly email!: string;

  @Field(() => String, { description: 'As given at sign-up.' })
  readonly name!: string;

  @Field(() => Boolean, { description: 'The address has been confirmed.' })
  readonly emailVerified!: boolean;
}

/** Who runs the platform. */
@Resolver()
export class OperatorsResolver {
  constructor(private readonly accounts: AccountsService) {}

  @Query(() => [OperatorType], {
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: 'Who runs the platform, by address. For operators.',
  })
  @Access({ scope: 'operator' })
  operators(): Promise<readonly OperatorType[]> {
    return this.accounts.operators();
  }

  @Mutation(() => [OperatorType], {
    complexity: LOOKUP_COST,
    description:
      'Makes a person an operator, or no longer one; never takes the right from the last. May be repeated. For operators.',
  })
  @Access({ scope: 'operator' })
  async setOperator(
    @Arg('email', () => String, { description: 'The address that the person signed up with.' })
    email: string,
    @Arg('operator', () => Boolean, { description: 'Whether they are one from now on.' })
    operator: boolean,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<readonly OperatorType[]> {
    await this.accounts.setOperator(email, operator, actor);
    return this.accounts.operators();
  }
}
