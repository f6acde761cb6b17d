import { Arg, Ctx, Int, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { accountOf, type GraphQLContext, userOf } from '../graphql/context.js';
import { listCost, LOOKUP_COST } from '../graphql/cost.js';
import { checkPageSize, PAGE_SIZE_DEFAULT } from '../graphql/pagination.js';
import { toAccount, AuditEventType, ViewerType } from './account.type.js';
import type { AccountsService } from './accounts.service.js';
import { AcknowledgementType, DONE } from './session.type.js';

@Resolver()
export class AccountsResolver {
  constructor(private readonly accounts: AccountsService) {}

  @Query(() => ViewerType, {
    complexity: ({ childComplexity }) => 5 + childComplexity,
    description: 'The person who is signed in, and their accounts.',
  })
  @Access({ scope: 'session' })
  async viewer(@Ctx() context: GraphQLContext): Promise<ViewerType> {
    const userId = userOf(context);
    const [user, accounts] = await Promise.all([
      this.accounts.user(userId),
      this.accounts.list(userId),
    ]);
    return { ...user, accounts: accounts.map(toAccount) };
  }

  @Query(() => [AuditEventType], {
    complexity: listCost(1),
    description: 'What was done on the account that matters for security, newest first.',
  })
  @Access({ scope: 'admin' })
  async auditEvents(
    @Arg('first', () => Int, {
      defaultValue: PAGE_SIZE_DEFAULT,
      description: 'How many, 1 to 100.',
    })
    first: number,
    @Arg('after', () => String, { nullable: true, description: 'Id of the event before them.' })
    after: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<readonly AuditEventType[]> {
    const page = { first: checkPageSize(first), after: after ?? undefined };
    return this.accounts.auditEvents(accountOf(context), page);
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description:
      'Switches mails about sign-ins from new places, changed passwords and new keys on or off. Switching them off sends the last one.',
  })
  @Access({ scope: 'session' })
  async setSecurityMails(
    @Arg('enabled', () => Boolean, { description: 'Whether you get them from now on.' })
    enabled: boolean,
    @Ctx() context: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.accounts.setSecurityMails(context.actor, userOf(context), enabled);
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description:
      'Ends the account and its keys; its history stays. Its checkout pages are closed; refused while money is on its way. Cannot be undone.',
  })
  @Access({ scope: 'owner' })
  async closeAccount(
    @Arg('giveUpCredit', () => Boolean, {
      defaultValue: false,
      description: 'Must be said when there is credit left.',
    })
    giveUpCredit: boolean,
    @Ctx() context: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.accounts.close(context.actor, accountOf(context), giveUpCredit);
    return DONE;
  }
}
