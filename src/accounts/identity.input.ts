import { Field, InputType } from 'type-graphql';
import { PASSWORD_RULE } from './password.js';

const EMAIL = { description: 'Email address of the user.' } as const;
const CODE = {
  nullable: true,
  description:
    'Code from the authenticator app, or a recovery code. Required if the user has a second factor.',
} as const;

@InputType('SignUpInput', { description: 'Input for `signUp`.' })
export class SignUpInput {
  @Field(() => String, EMAIL)
  readonly email!: string;

  @Field(() => String, { description: 'Name of the user, 1 to 100 characters.' })
  readonly name!: string;
}

@InputType('SignInInput', { description: 'Input for `signIn`.' })
export class SignInInput {
  @Field(() => String, EMAIL)
  readonly email!: string;

  @Field(() => String, { description: 'Password of the user.' })
  readonly password!: string;

  @Field(() => String, CODE)
  readonly code!: string | undefined;
}

@InputType('VerifyEmailInput', { description: 'Input for `verifyEmail`.' })
export class VerifyEmailInput {
  @Field(() => String, { description: 'Token from the verification email.' })
  readonly token!: string;

  @Field(() => String, { description: PASSWORD_RULE })
  readonly password!: string;
}

@InputType('RequestMagicLinkInput', { description: 'Input for `requestMagicLink`.' })
export class RequestMagicLinkInput {
  @Field(() => String, EMAIL)
  readonly email!: string;
}

@InputType('SignInWithMagicLinkInput', { description: 'Input for `signInWithMagicLink`.' })
export class SignInWithMagicLinkInput {
  @Field(() => String, { description: 'Token from the sign-in email; valid once.' })
  readonly token!: string;

  @Field(() => String, CODE)
  readonly code!: string | undefined;
}

@InputType('RequestPasswordResetInput', { description: 'Input for `requestPasswordReset`.' })
export class RequestPasswordResetInput {
  @Field(() => String, EMAIL)
  readonly email!: string;
}

@InputType('ResetPasswordInput', { description: 'Input for `resetPassword`.' })
export class ResetPasswordInput {
  @Field(() => String, { description: 'Token from the password reset email; valid once.' })
  readonly token!: string;

  @Field(() => String, { description: PASSWORD_RULE })
  readonly password!: string;
}
