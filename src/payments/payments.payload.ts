import { Field, ObjectType } from 'type-graphql';
import { AccountPayloadType, PayloadType } from '../graphql/payload.type.js';
import { PurchaseType } from './purchase.type.js';

@ObjectType('BuyCreditsPayload', { description: 'Result of `buyCredits`.' })
export class BuyCreditsPayload extends AccountPayloadType {
  @Field(() => PurchaseType, {
    nullable: true,
    description: 'The new purchase; redirect the customer to its `checkoutUrl`.',
  })
  readonly purchase?: PurchaseType;
}

@ObjectType('OpenBillingPortalPayload', { description: 'Result of `openBillingPortal`.' })
export class OpenBillingPortalPayload extends AccountPayloadType {
  @Field(() => String, {
    nullable: true,
    description: 'URL of the billing portal; valid for a short time.',
  })
  readonly url?: string;
}

@ObjectType('RefundPurchasePayload', { description: 'Result of `refundPurchase`.' })
export class RefundPurchasePayload extends PayloadType {
  @Field(() => PurchaseType, { nullable: true, description: 'The refunded purchase.' })
  readonly purchase?: PurchaseType;
}
