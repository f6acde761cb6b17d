import { Field, ID, InputType } from 'type-graphql';

@InputType('BuyCreditsInput', { description: 'Credit to buy: either a pack or an amount.' })
export class BuyCreditsInput {
  @Field(() => ID, { nullable: true, description: 'Of `creditPacks`.' })
  pack?: string;

  @Field(() => String, {
    nullable: true,
    description: 'What to pay, in whole units with a point, as "12.50".',
  })
  amount?: string;

  @Field(() => String, { defaultValue: 'USD', description: 'ISO 4217: what to pay in.' })
  currency!: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      'The person agrees that the card is kept, and may be charged later by `setAutoTopUp`.',
  })
  saveCard!: boolean;

  @Field(() => String, {
    description: 'Makes it one purchase, however often it is sent. 1 to 255 characters.',
  })
  idempotencyKey!: string;
}

@InputType('RefundPurchaseInput', { description: 'Money to give back.' })
export class RefundPurchaseInput {
  @Field(() => ID, { description: '"pur_…".' })
  purchaseId!: string;

  @Field(() => String, {
    nullable: true,
    description: 'In the purchase’s currency, as "12.50"; left out: all that is unspent.',
  })
  amount?: string;

  @Field(() => String, { description: 'Why; shown in the account’s ledger.' })
  reason!: string;

  @Field(() => String, { description: 'Makes it one refund, however often it is sent.' })
  idempotencyKey!: string;
}
