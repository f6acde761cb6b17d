import { Field, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('UpdateLabelSetInput', { description: 'Input for `updateLabelSet`.' })
export class UpdateLabelSetInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the label set, prefixed with `lset_`.' })
  readonly id!: string;

  @Field(() => String, {
    description: 'New name of the label set, 1 to 100 characters; unique per account.',
  })
  readonly name!: string;
}

@InputType('DeleteLabelSetInput', { description: 'Input for `deleteLabelSet`.' })
export class DeleteLabelSetInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the label set, prefixed with `lset_`.' })
  readonly id!: string;
}
