import { Field, GraphQLISODateTime, InputType } from 'type-graphql';
import {
  PURCHASE_KINDS,
  PURCHASE_STATES,
  type PurchaseFilter,
  type PurchaseKind,
  type PurchaseState,
} from './purchase.js';

@InputType('PurchaseFilter', {
  description: 'Conditions that purchases must all meet. Omitted fields are ignored.',
})
export class PurchaseFilterInput implements PurchaseFilter {
  @Field(() => [PURCHASE_STATES], {
    nullable: true,
    description: 'States of purchases; any of these.',
  })
  readonly states?: PurchaseState[];

  @Field(() => [PURCHASE_KINDS], {
    nullable: true,
    description: 'Kinds of purchases; any of these.',
  })
  readonly kinds?: PurchaseKind[];

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Earliest time of creation, inclusive.',
  })
  readonly from?: Date;

  @Field(() => GraphQLISODateTime, {
    nullable: true,
    description: 'Latest time of creation, exclusive.',
  })
  readonly to?: Date;
}
