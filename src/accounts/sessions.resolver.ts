import { Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import { ConfirmIdentityInput, RevokeSessionInput } from './sessions.input.js';
import {
  ConfirmIdentityPayload,
  RevokeSessionPayload,
  RevokeOtherSessionsPayload,
} from './sessions.payload.js';
import { type GraphQLContext, userOf } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { SessionId } from '../platform/ids.js';
import type { ProofsService } from './proofs.service.js';
import { ActiveSessionType } from './session.type.js';
import type { SessionsService } from './sessions.service.js';

@Resolver()
export class SessionsResolver {
  constructor(
    private readonly service: SessionsService,
    private readonly proofs: ProofsService,
  ) {}

  @Query(() => [ActiveSessionType], {
    nullable: true,
    complexity: ({ childComplexity }) => 20 + childComplexity,
    description: 'Your active sessions, newest first. Session tokens are never returned.',
  })
  @Access({ scope: 'session' })
  async sessions(@Ctx() context: GraphQLContext): Promise<ActiveSessionType[]> {
    const { sessionId } = context.actor;
    return (await this.service.list(userOf(context))).map((session) => ({
      ...session,
      isCurrent: session.id === sessionId,
    }));
  }

  @Mutation(() => ConfirmIdentityPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Confirms your identity for 10 minutes. Required before creating keys with the ADMIN scope, appointing admins or owners, changing owners, closing an account, changing sign-in methods, and operator actions. Signing in counts as confirmation.',
  })
  @Access({ scope: 'session' })
  async confirmIdentity(
    @InputArg(() => ConfirmIdentityInput) { password, code }: ConfirmIdentityInput,
    @Ctx() context: GraphQLContext,
  ): Promise<ConfirmIdentityPayload> {
    const { authorization, cookie } = context.credentials;
    const credentials = new Headers(
      authorization === undefined ? { cookie: cookie ?? '' } : { authorization },
    );
    const given = { password: password ?? undefined, code: code ?? undefined };
    await this.proofs.confirm(context.actor, userOf(context), credentials, given);
    return {};
  }

  @Mutation(() => RevokeSessionPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Ends one of your sessions.',
  })
  @Access({ scope: 'session' })
  async revokeSession(
    @InputArg(() => RevokeSessionInput) { id }: RevokeSessionInput,
    @Ctx() context: GraphQLContext,
  ): Promise<RevokeSessionPayload> {
    await this.service.end(userOf(context), id as SessionId);
    return { endedSessionId: id };
  }

  @Mutation(() => RevokeOtherSessionsPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Ends all of your sessions except the current one.',
  })
  @Access({ scope: 'session' })
  async revokeOtherSessions(@Ctx() context: GraphQLContext): Promise<RevokeOtherSessionsPayload> {
    await this.service.endOthers(userOf(context), context.actor.sessionId);
    return {};
  }
}
