import { Field, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('UpdateSecurityMailsInput', { description: 'Input for `updateSecurityMails`.' })
export class UpdateSecurityMailsInput {
  @Field(() => Boolean, { description: 'Whether to receive security emails.' })
  readonly isEnabled!: boolean;
}

@InputType('CloseAccountInput', { description: 'Input for `closeAccount`.' })
export class CloseAccountInput {
  @Field(() => ID, { description: 'ID of the account to close, prefixed with `acct_`.' })
  readonly accountId!: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description: 'Must be true to close an account with remaining credit, which is forfeited.',
  })
  readonly giveUpCredit!: boolean;
}

@InputType('UpdateAccountInput', { description: 'Input for `updateAccount`.' })
export class UpdateAccountInput extends AccountInput {
  @Field(() => String, { description: 'Display name of the account, 1 to 100 characters.' })
  readonly name!: string;
}
