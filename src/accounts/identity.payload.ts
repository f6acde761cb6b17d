import { Field, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';

@ObjectType('SignUpPayload', { description: 'Result of `signUp`.' })
export class SignUpPayload extends PayloadType {}

@ObjectType('SignInPayload', { description: 'Result of `signIn`.' })
export class SignInPayload extends PayloadType {
  @Field(() => String, {
    nullable: true,
    description: 'Session token for `Authorization: Bearer`; expires after 7 days.',
  })
  readonly token?: string;
}

@ObjectType('SignOutPayload', { description: 'Result of `signOut`.' })
export class SignOutPayload extends PayloadType {}

@ObjectType('VerifyEmailPayload', { description: 'Result of `verifyEmail`.' })
export class VerifyEmailPayload extends PayloadType {}

@ObjectType('RequestMagicLinkPayload', { description: 'Result of `requestMagicLink`.' })
export class RequestMagicLinkPayload extends PayloadType {}

@ObjectType('SignInWithMagicLinkPayload', { description: 'Result of `signInWithMagicLink`.' })
export class SignInWithMagicLinkPayload extends PayloadType {
  @Field(() => String, {
    nullable: true,
    description: 'Session token for `Authorization: Bearer`; expires after 7 days.',
  })
  readonly token?: string;
}

@ObjectType('RequestPasswordResetPayload', { description: 'Result of `requestPasswordReset`.' })
export class RequestPasswordResetPayload extends PayloadType {}

@ObjectType('ResetPasswordPayload', { description: 'Result of `resetPassword`.' })
export class ResetPasswordPayload extends PayloadType {}
