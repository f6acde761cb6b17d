import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { SessionId } from '../platform/ids.js';
import { AcknowledgementType, ActiveSessionType, DONE } from './session.type.js';
import type { SessionsService } from './sessions.service.js';

@Resolver()
export class SessionsResolver {
  constructor(private readonly service: SessionsService) {}

  @Query(() => [ActiveSessionType], {
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description:
      'Your sessions that have not ended, newest first. No answer contains their tokens.',
  })
  @Access({ scope: 'session' })
  async sessions(@Ctx() context: GraphQLContext): Promise<ActiveSessionType[]> {
    const { sessionId } = context.actor;
    return (await this.service.list(userOf(context))).map(
      (session) => new ActiveSessionType(session, session.id === sessionId),
    );
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
