import { Ctx, Mutation, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import { InputArg } from '../graphql/input.js';
import {
  SignUpInput,
  SignInInput,
  VerifyEmailInput,
  RequestMagicLinkInput,
  SignInWithMagicLinkInput,
  RequestPasswordResetInput,
  ResetPasswordInput,
} from './identity.input.js';
import {
  SignUpPayload,
  SignInPayload,
  SignOutPayload,
  VerifyEmailPayload,
  RequestMagicLinkPayload,
  SignInWithMagicLinkPayload,
  RequestPasswordResetPayload,
  ResetPasswordPayload,
} from './identity.payload.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { Client } from './active-session.js';
import type { SignInService } from './sign-in.service.js';

const clientOf = ({ actor: { ipAddress }, userAgent }: GraphQLContext): Client => ({
  ipAddress,
  userAgent,
});

@Resolver()
export class IdentityResolver {
  constructor(private readonly people: SignInService) {}

  @Mutation(() => SignUpPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Sends an email with a link that verifies the address. `verifyEmail` then sets a password and opens the account. The response is the same if the address is already registered.',
  })
  @Access({ scope: 'public' })
  async signUp(
    @InputArg(() => SignUpInput) { email, name }: SignUpInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<SignUpPayload> {
    await this.people.signUp(actor, { email, name });
    return {};
  }

  @Mutation(() => SignInPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Signs in with a password. Users with a second factor also send `code`; without it, the error has `secondFactor: true` in its extensions.',
  })
  @Access({ scope: 'public' })
  async signIn(
    @InputArg(() => SignInInput) { email, password, code }: SignInInput,
    @Ctx() context: GraphQLContext,
  ): Promise<SignInPayload> {
    const credential = { email, password, code: code ?? undefined };
    return { token: await this.people.signIn(clientOf(context), credential) };
  }

  @Mutation(() => SignOutPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Ends the session of the bearer token or cookie that was sent.',
  })
  @Access({ scope: 'session' })
  async signOut(@Ctx() { credentials, setHeader }: GraphQLContext): Promise<SignOutPayload> {
    setHeader('set-cookie', await this.people.signOut(credentials));
    return {};
  }

  @Mutation(() => VerifyEmailPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Verifies an email address, sets the password and opens the account. The token works once, for 24 hours, and is replaced by a newer one.',
  })
  @Access({ scope: 'public' })
  async verifyEmail(
    @InputArg(() => VerifyEmailInput) { token, password }: VerifyEmailInput,
  ): Promise<VerifyEmailPayload> {
    await this.people.confirmSignUp(token, password);
    return {};
  }

  @Mutation(() => RequestMagicLinkPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Sends an email with a sign-in link. The response is the same for any address.',
  })
  @Access({ scope: 'public' })
  async requestMagicLink(
    @InputArg(() => RequestMagicLinkInput) { email }: RequestMagicLinkInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<RequestMagicLinkPayload> {
    await this.people.requestMagicLink(actor, email);
    return {};
  }

  @Mutation(() => SignInWithMagicLinkPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Signs in with the token from a sign-in email; each token works once. Users with a second factor also send `code`.',
  })
  @Access({ scope: 'public' })
  async signInWithMagicLink(
    @InputArg(() => SignInWithMagicLinkInput) { token, code }: SignInWithMagicLinkInput,
    @Ctx() context: GraphQLContext,
  ): Promise<SignInWithMagicLinkPayload> {
    const from = clientOf(context);
    return { token: await this.people.signInWithMagicLink(from, token, code ?? undefined) };
  }

  @Mutation(() => RequestPasswordResetPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description:
      'Sends an email with a password reset link. The response is the same for any address.',
  })
  @Access({ scope: 'public' })
  async requestPasswordReset(
    @InputArg(() => RequestPasswordResetInput) { email }: RequestPasswordResetInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<RequestPasswordResetPayload> {
    await this.people.requestPasswordReset(actor, email);
    return {};
  }

  @Mutation(() => ResetPasswordPayload, {
    nullable: true,
    complexity: LOOKUP_COST,
    description: 'Sets a new password and ends all sessions of the user.',
  })
  @Access({ scope: 'public' })
  async resetPassword(
    @InputArg(() => ResetPasswordInput) { token, password }: ResetPasswordInput,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<ResetPasswordPayload> {
    await this.people.resetPassword(actor, token, password);
    return {};
  }
}
