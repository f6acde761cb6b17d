import { Field, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('RedeemPromoCodeInput', { description: 'Input for `redeemPromoCode`.' })
export class RedeemPromoCodeInput extends AccountInput {
  @Field(() => String, { description: 'Promo code to redeem; case-insensitive.' })
  readonly code!: string;
}

@InputType('DisablePromoCodeInput', { description: 'Input for `disablePromoCode`.' })
export class DisablePromoCodeInput {
  @Field(() => String, { description: 'Promo code to disable; case-insensitive.' })
  readonly code!: string;
}
