import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { SessionId } from '../platform/ids.js';
import type { ProofsService } from './proofs.service.js';
import { AcknowledgementType, ActiveSessionType, DONE } from './session.type.js';
import type { SessionsService } from './sessions.service.js';

@Resolver()
export class SessionsResolver {
  constructor(
    private readonly service: SessionsService,
    private readonly proofs: ProofsService,
  ) {}

  @Query(() => [ActiveSessionType], {
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description:
      'Your sessions that have not ended, newest first. No answer contains their tokens.',
  })
  @Access({ scope: 'session' })
  async sessions(@Ctx() context: GraphQLContext): Promise<ActiveSessionType[]> {
    const { sessionId } = context.actor;
    return (await this.service.list(userOf(context))).map((session) => ({
      ...session,
      isCurrent: session.id === sessionId,
    }));
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description:
      'Confirms that it is you, for 10 minutes: needed before making keys with the scope ADMIN, making administrators and owners or changing owners, closing an account, changing how you sign in, and what operators do. Signing in is a confirmation too.',
  })
  @Access({ scope: 'session' })
  async confirmIdentity(
    @Arg('password', () => String, {
      nullable: true,
      description: 'Your password, where you have no second factor.',
    })
    password: string | undefined,
    @Arg('code', () => String, {
      nullable: true,
      description:
        'What your authenticator app shows, or a recovery code, where you have a second factor.',
    })
    code: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<AcknowledgementType> {
    const { authorization, cookie } = context.credentials;
    const credentials = new Headers(
      authorization === undefined ? { cookie: cookie ?? '' } : { authorization },
    );
    const given = { password: password ?? undefined, code: code ?? undefined };
    await this.proofs.confirm(context.actor, userOf(context), credentials, given);
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Ends one of your sessions.',
  })
  @Access({ scope: 'session' })
  async endSession(
    @Arg('id', () => ID, { description: 'Of the session.' }) id: string,
    @Ctx() context: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.service.end(userOf(context), id as SessionId);
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Ends all of your sessions except the one that asks.',
  })
  @Access({ scope: 'session' })
  async endOtherSessions(@Ctx() context: GraphQLContext): Promise<AcknowledgementType> {
    await this.service.endOthers(userOf(context), context.actor.sessionId);
    return DONE;
  }
}
