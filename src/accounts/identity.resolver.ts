import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { Access } from '../graphql/access.js';
import type { GraphQLContext } from '../graphql/context.js';
import { LOOKUP_COST } from '../graphql/cost.js';
import type { Client } from './active-session.js';
import { PASSWORD_RULE } from './password.js';
import { AcknowledgementType, DONE, SessionType } from './session.type.js';
import type { SignInService } from './sign-in.service.js';

const clientOf = ({ actor: { ipAddress }, userAgent }: GraphQLContext): Client => ({
  ipAddress,
  userAgent,
});

const CODE = {
  nullable: true,
  description: 'What the authenticator app shows, or a recovery code.',
} as const;
const EMAIL = { description: 'The address.' } as const;

@Resolver()
export class IdentityResolver {
  constructor(private readonly people: SignInService) {}

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description:
      'Mails a link that confirms the address. `verifyEmail` opens the account, with a password. Answers the same for an address that is taken.',
  })
  @Access({ scope: 'public' })
  async signUp(
    @Arg('email', () => String, EMAIL) email: string,
    @Arg('name', () => String, { description: 'Your name, 1 to 100 characters.' }) name: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.people.signUp(actor, { email, name });
    return DONE;
  }

  @Mutation(() => SessionType, {
    complexity: LOOKUP_COST,
    description:
      'Signs in by password. Somebody who has a second factor sends `code` too; without it the error has `secondFactor: true` in its extensions.',
  })
  @Access({ scope: 'public' })
  async signIn(
    @Arg('email', () => String, EMAIL) email: string,
    @Arg('password', () => String, { description: 'The password.' }) password: string,
    @Arg('code', () => String, CODE) code: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<SessionType> {
    const credential = { email, password, code: code ?? undefined };
    return { token: await this.people.signIn(clientOf(context), credential) };
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Ends the session, whether it came as bearer token or as cookie.',
  })
  @Access({ scope: 'session' })
  async signOut(@Ctx() { credentials, setHeader }: GraphQLContext): Promise<AcknowledgementType> {
    setHeader('set-cookie', await this.people.signOut(credentials));
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description:
      'Confirms an address and opens its account, with the password that you choose here. The token works once, for a day, until a newer one is mailed.',
  })
  @Access({ scope: 'public' })
  async verifyEmail(
    @Arg('token', () => String, { description: 'From the mail.' }) token: string,
    @Arg('password', () => String, { description: PASSWORD_RULE }) password: string,
  ): Promise<AcknowledgementType> {
    await this.people.confirmSignUp(token, password);
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Mails a link to sign in with. Answers the same for any address.',
  })
  @Access({ scope: 'public' })
  async requestMagicLink(
    @Arg('email', () => String, EMAIL) email: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.people.requestMagicLink(actor, email);
    return DONE;
  }

  @Mutation(() => SessionType, {
    complexity: LOOKUP_COST,
    description:
      'Signs in with what the mail carries; works once. Somebody who has a second factor sends `code` too.',
  })
  @Access({ scope: 'public' })
  async signInWithMagicLink(
    @Arg('token', () => String, { description: 'From the mail.' }) token: string,
    @Arg('code', () => String, CODE) code: string | undefined,
    @Ctx() context: GraphQLContext,
  ): Promise<SessionType> {
    const from = clientOf(context);
    return { token: await this.people.signInWithMagicLink(from, token, code ?? undefined) };
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Mails a link to set a new password. Answers the same for any address.',
  })
  @Access({ scope: 'public' })
  async requestPasswordReset(
    @Arg('email', () => String, EMAIL) email: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.people.requestPasswordReset(actor, email);
    return DONE;
  }

  @Mutation(() => AcknowledgementType, {
    complexity: LOOKUP_COST,
    description: 'Sets a new password, and ends every session.',
  })
  @Access({ scope: 'public' })
  async resetPassword(
    @Arg('token', () => String, { description: 'From the mail; works once.' }) token: string,
    @Arg('password', () => String, { description: PASSWORD_RULE })
    password: string,
    @Ctx() { actor }: GraphQLContext,
  ): Promise<AcknowledgementType> {
    await this.people.resetPassword(actor, token, password);
    return DONE;
  }
}
