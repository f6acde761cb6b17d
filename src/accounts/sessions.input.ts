import { Field, ID, InputType } from 'type-graphql';

@InputType('ConfirmIdentityInput', { description: 'Input for `confirmIdentity`.' })
export class ConfirmIdentityInput {
  @Field(() => String, {
    nullable: true,
    description: 'Your password; required if you have no second factor.',
  })
  readonly password?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Code from the authenticator app, or a recovery code; required if you have a second factor.',
  })
  readonly code?: string | null;
}

@InputType('RevokeSessionInput', { description: 'Input for `revokeSession`.' })
export class RevokeSessionInput {
  @Field(() => ID, { description: 'ID of the session, prefixed with `idn_`.' })
  readonly id!: string;
}
