import { Field, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('WithdrawModelRequestInput', { description: 'Input for `withdrawModelRequest`.' })
export class WithdrawModelRequestInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the request, prefixed with `mreq_`.' })
  readonly id!: string;
}

@InputType('ConfirmWaitlistInput', { description: 'Input for `confirmWaitlist`.' })
export class ConfirmWaitlistInput {
  @Field(() => String, { description: 'Token from the confirmation email.' })
  readonly token!: string;
}

@InputType('LeaveWaitlistInput', { description: 'Input for `leaveWaitlist`.' })
export class LeaveWaitlistInput {
  @Field(() => String, { description: 'Token from the confirmation email.' })
  readonly token!: string;
}
