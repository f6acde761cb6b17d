import { Field, ID, ObjectType } from 'type-graphql';
import { PayloadType } from '../graphql/payload.type.js';
import { AccountType } from '../graphql/account.type.js';

@ObjectType('GrantCreditsPayload', { description: 'Result of `grantCredits`.' })
export class GrantCreditsPayload extends PayloadType {
  @Field(() => ID, {
    nullable: true,
    description:
      'ID of the grant transaction; for a repeated `idempotencyKey`, that of the original grant.',
  })
  readonly transactionId?: string;

  @Field(() => AccountType, { nullable: true, description: 'The account with the new balance.' })
  readonly account?: AccountType;
}

@ObjectType('AdjustCreditsPayload', { description: 'Result of `adjustCredits`.' })
export class AdjustCreditsPayload extends PayloadType {
  @Field(() => ID, {
    nullable: true,
    description:
      'ID of the adjustment transaction; for a repeated `idempotencyKey`, that of the original adjustment.',
  })
  readonly transactionId?: string;

  @Field(() => AccountType, { nullable: true, description: 'The account with the new balance.' })
  readonly account?: AccountType;
}
