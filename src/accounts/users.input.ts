import { Field, InputType } from 'type-graphql';
import { PASSWORD_RULE } from './password.js';

@InputType('UpdateUserInput', { description: 'Input for `updateUser`.' })
export class UpdateUserInput {
  @Field(() => String, { description: 'Your display name, 1 to 100 characters.' })
  readonly name!: string;
}

@InputType('ChangePasswordInput', { description: 'Input for `changePassword`.' })
export class ChangePasswordInput {
  @Field(() => String, { description: 'Your present password.' })
  readonly currentPassword!: string;

  @Field(() => String, { description: PASSWORD_RULE })
  readonly newPassword!: string;
}
