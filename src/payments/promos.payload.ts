import { Field, ObjectType } from 'type-graphql';
import { AccountPayloadType, PayloadType } from '../graphql/payload.type.js';
import { PromoCodeType, ManagedPromoCodeType } from './promo-code.type.js';

@ObjectType('RedeemPromoCodePayload', { description: 'Result of `redeemPromoCode`.' })
export class RedeemPromoCodePayload extends AccountPayloadType {
  @Field(() => PromoCodeType, { nullable: true, description: 'The redeemed promo code.' })
  readonly promoCode?: PromoCodeType;
}

@ObjectType('CreatePromoCodePayload', { description: 'Result of `createPromoCode`.' })
export class CreatePromoCodePayload extends PayloadType {
  @Field(() => PromoCodeType, { nullable: true, description: 'The new promo code.' })
  readonly promoCode?: PromoCodeType;
}

@ObjectType('DisablePromoCodePayload', { description: 'Result of `disablePromoCode`.' })
export class DisablePromoCodePayload extends PayloadType {
  @Field(() => ManagedPromoCodeType, { nullable: true, description: 'The disabled promo code.' })
  readonly promoCode?: ManagedPromoCodeType;
}
