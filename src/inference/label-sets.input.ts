import { Field, ID, InputType } from 'type-graphql';
import { AccountInput } from '../graphql/input.js';

@InputType('DeleteLabelSetInput', { description: 'Input for `deleteLabelSet`.' })
export class DeleteLabelSetInput extends AccountInput {
  @Field(() => ID, { description: 'ID of the label set, prefixed with `lset_`.' })
  readonly id!: string;
}
