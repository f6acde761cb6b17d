import { Ctx, Mutation, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import { InputArg } from '../graphql/input.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { isUserId } from '../platform/ids.js';
import type { AccountsService } from './accounts.service.js';
import type { SignInService } from './sign-in.service.js';
import type { LoadUser } from './user.loaders.js';
import { ChangePasswordInput, UpdateUserInput } from './users.input.js';
import { ChangePasswordPayload, UpdateUserPayload } from './users.payload.js';

/** People, and what they change about themselves. */
@Resolver()
export class UsersResolver {
  constructor(
    private readonly accounts: Pick<AccountsService, 'renamePerson'>,
    private readonly signIn: Pick<SignInService, 'changePassword'>,
    private readonly loadUser: LoadUser,
  ) {}

  /** For `node(id)`: a user whom the caller may see. */
  readonly findNode: FindNode = async (id, context) =>
    isUserId(id) ? this.loadUser(context, id) : null;

  @Mutation(() => UpdateUserPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Changes your display name. Safe to repeat.',
  })
  @Access({ scope: 'session' })
  async updateUser(
    @InputArg(() => UpdateUserInput) { name }: UpdateUserInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateUserPayload> {
    await this.accounts.renamePerson(context.actor, userOf(context), name);
    return { user: await this.loadUser(context, userOf(context)) };
  }

  @Mutation(() => ChangePasswordPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Changes your password and ends all of your sessions except the current one. A security email reports the change.',
  })
  @Access({ scope: 'session' })
  async changePassword(
    @InputArg(() => ChangePasswordInput) input: ChangePasswordInput,
    @Ctx() context: GraphQLContext,
  ): Promise<ChangePasswordPayload> {
    await this.signIn.changePassword(context.actor, context.credentials, input);
    return {};
  }
}
