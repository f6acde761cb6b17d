import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import {
  CloseAccountInput,
  UpdateSecurityMailsInput,
  UpdateAccountInput,
} from './accounts.input.js';
import {
  CloseAccountPayload,
  UpdateSecurityMailsPayload,
  UpdateAccountPayload,
} from './accounts.payload.js';
import { AccountType } from '../graphql/account.type.js';
import { accountOf, findAccount, type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { FindNode } from '../graphql/node.resolver.js';
import { ViewerType } from './account.type.js';
import type { AccountsService } from './accounts.service.js';
import type { KeysService } from './keys.service.js';
import { withoutRights } from './member-actor.js';

@Resolver(() => AccountType)
export class AccountsResolver {
  constructor(
    private readonly accounts: AccountsService,
    private readonly keys: Pick<KeysService, 'get'>,
  ) {}

  /** For `node(id)`: an account that the caller may read. */
  readonly findNode: FindNode = (id, context) => this.find(context, id);

  @Query(() => AccountType, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'An account that the caller can read; null if it does not exist or is not accessible. Without `id`: the API key’s account, else the personal account.',
  })
  @Access({ scope: 'caller' })
  account(
    @Arg('id', () => ID, {
      nullable: true,
      description: 'ID of the account, prefixed with `acct_`.',
    })
    id: string | null,
    @Ctx() context: GraphQLContext,
  ): Promise<AccountType | null> {
    return this.find(context, id);
  }

  @Query(() => ViewerType, {
    nullable: true,
    complexity: ({ childComplexity }) => 5 + childComplexity,
    description: 'The caller: a signed-in user, or an API key.',
  })
  @Access({ scope: 'caller' })
  async viewer(@Ctx() context: GraphQLContext): Promise<ViewerType> {
    const { actor } = context;
    if (actor.keyId !== undefined) {
      const id = accountOf(context);
      const apiKey = await this.keys.get(id, actor.keyId);
      return { user: null, apiKey, isOperator: false, accounts: [{ id, actor }] };
    }
    const userId = userOf(context);
    const [user, accounts] = await Promise.all([
      this.accounts.user(userId),
      this.accounts.list(userId),
    ]);
    const { operator: isOperator, securityMails, hasSecondFactor } = user;
    return {
      user,
      apiKey: null,
      isOperator,
      securityMails,
      hasSecondFactor,
      accounts: accounts.map(({ id }) => ({
        id,
        // An account may require a second factor that the session has not shown: it is listed all the same.
        get actor() {
          return actor.on?.(id) ?? withoutRights(actor, id);
        },
      })),
    };
  }

  @Mutation(() => UpdateSecurityMailsPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Turns security emails about sign-ins from new devices, password changes, and new or more powerful API keys on or off. A final email confirms turning them off.',
  })
  @Access({ scope: 'session' })
  async updateSecurityMails(
    @InputArg(() => UpdateSecurityMailsInput) { isEnabled }: UpdateSecurityMailsInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateSecurityMailsPayload> {
    await this.accounts.updateSecurityMails(context.actor, userOf(context), isEnabled);
    return {};
  }

  @Mutation(() => UpdateAccountPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Renames an account. Safe to repeat.',
  })
  @Access({ scope: 'admin' })
  async updateAccount(
    @InputArg(() => UpdateAccountInput) { name }: UpdateAccountInput,
    @Ctx() context: GraphQLContext,
  ): Promise<UpdateAccountPayload> {
    await this.accounts.rename(context.actor, accountOf(context), name);
    return {};
  }

  @Mutation(() => CloseAccountPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Closes an account, revokes its API keys and expires its open checkout pages. Its history is kept. Fails while a payment is in progress. Irreversible.',
  })
  @Access({ scope: 'owner' })
  async closeAccount(
    @InputArg(() => CloseAccountInput) { giveUpCredit }: CloseAccountInput,
    @Ctx() context: GraphQLContext,
  ): Promise<CloseAccountPayload> {
    await this.accounts.close(context.actor, accountOf(context), giveUpCredit);
    return {};
  }

  private async find(context: GraphQLContext, id: string | null): Promise<AccountType | null> {
    const account = findAccount(context, id);
    if (account === undefined) return null;
    // Whether an account exists is known of one's own; operators may name any.
    const isOwn = !account.actor.scopes.has('operator') || id == null;
    return isOwn || (await this.accounts.findMany([account.id])).has(account.id) ? account : null;
  }
}
