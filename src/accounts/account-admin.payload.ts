import { Field, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { AccountType } from '../graphql/account.type.js';

@ObjectType('FreezeAccountPayload', { description: 'Result of `freezeAccount`.' })
export class FreezeAccountPayload extends PayloadType {
  @Field(() => AccountType, { nullable: true, description: 'The frozen account.' })
  readonly account?: AccountType;
}

@ObjectType('UnfreezeAccountPayload', { description: 'Result of `unfreezeAccount`.' })
export class UnfreezeAccountPayload extends PayloadType {
  @Field(() => AccountType, { nullable: true, description: 'The account, no longer frozen.' })
  readonly account?: AccountType;
}

@ObjectType('RequireSecondFactorPayload', { description: 'Result of `requireSecondFactor`.' })
export class RequireSecondFactorPayload extends PayloadType {
  @Field(() => AccountType, {
    nullable: true,
    description: 'The account with the updated requirement.',
  })
  readonly account?: AccountType;
}

@ObjectType('UpdateAccountLimitsPayload', { description: 'Result of `updateAccountLimits`.' })
export class UpdateAccountLimitsPayload extends PayloadType {
  @Field(() => AccountType, { nullable: true, description: 'The account with the updated limits.' })
  readonly account?: AccountType;
}
