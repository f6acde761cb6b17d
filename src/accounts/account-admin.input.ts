import { Field, ID, InputType, Int } from 'type-graphql';

@InputType('FreezeAccountInput', { description: 'Input for `freezeAccount`.' })
export class FreezeAccountInput {
  @Field(() => ID, { description: 'ID of the account, prefixed with `acct_`.' })
  readonly id!: string;

  @Field(() => String, {
    description:
      'Reason for the freeze, 1 to 500 characters. Shown to callers whose requests are rejected.',
  })
  readonly reason!: string;
}

@InputType('UnfreezeAccountInput', { description: 'Input for `unfreezeAccount`.' })
export class UnfreezeAccountInput {
  @Field(() => ID, { description: 'ID of the account, prefixed with `acct_`.' })
  readonly id!: string;
}

@InputType('RequireSecondFactorInput', { description: 'Input for `requireSecondFactor`.' })
export class RequireSecondFactorInput {
  @Field(() => ID, { description: 'ID of the organization account, prefixed with `acct_`.' })
  readonly id!: string;

  @Field(() => Boolean, { description: 'Whether members must use a second factor.' })
  readonly isRequired!: boolean;
}

@InputType('UpdateAccountLimitsInput', {
  description: 'Changes to the call limits of an account. Omitted fields keep their values.',
})
export class UpdateAccountLimitsInput {
  @Field(() => ID, { description: 'ID of the account, prefixed with `acct_`.' })
  readonly id!: string;

  @Field(() => Int, {
    nullable: true,
    description: 'Maximum calls per minute, 1 to 1,000,000; null restores the default limit.',
  })
  readonly ratePerMinute?: number | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Maximum concurrent calls per server process, 1 to 10,000; null restores the default limit.',
  })
  readonly concurrencyMax?: number | null;
}
