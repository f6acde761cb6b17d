import { AccountInput } from '../graphql/input.js';
import { Field, ID, InputType } from 'type-graphql';

@InputType('BuyCreditsInput', {
  description: 'Credit to buy. Exactly one of `pack` and `amount` is required.',
})
export class BuyCreditsInput extends AccountInput {
  @Field(() => ID, {
    nullable: true,
    description: 'ID of a credit pack, as listed by `creditPacks`.',
  })
  pack?: string;

  @Field(() => String, {
    nullable: true,
    description: 'Amount to pay, before tax, in major currency units, such as "12.50".',
  })
  amount?: string;

  @Field(() => String, {
    defaultValue: 'USD',
    description: 'ISO 4217 currency code of the payment.',
  })
  currency!: string;

  @Field(() => Boolean, {
    defaultValue: false,
    description:
      'Whether the customer agrees to save the card for later charges by `enableAutoTopUp`.',
  })
  saveCard!: boolean;

  @Field(() => String, {
    description:
      'Unique key that makes retries safe, 1 to 255 characters: requests with the same key create one purchase.',
  })
  idempotencyKey!: string;
}

@InputType('RefundPurchaseInput', { description: 'Refund of a purchase, in full or in part.' })
export class RefundPurchaseInput {
  @Field(() => ID, { description: 'ID of the purchase, prefixed with `pur_`.' })
  purchaseId!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'Amount to refund in the currency of the purchase, such as "12.50"; omit to refund all unspent credit.',
  })
  amount?: string;

  @Field(() => String, { description: 'Reason, shown in the account’s ledger.' })
  reason!: string;

  @Field(() => String, {
    description:
      'Unique key that makes retries safe: requests with the same key create one refund.',
  })
  idempotencyKey!: string;
}
